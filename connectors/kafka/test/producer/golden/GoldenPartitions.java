/*
 * Writes partitions.json: keys in hexadecimal, each with its hash and its partition of 7 and of 100,
 * as Kafka's own client for Java computes them.
 *
 *     mvn -q -f ../../records/golden dependency:copy-dependencies -DoutputDirectory=lib
 *     java -cp '../../records/golden/lib/*' GoldenPartitions.java > partitions.json
 */
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.utils.Utils;

public class GoldenPartitions {
  public static void main(String[] args) {
    List<byte[]> keys = new ArrayList<>();
    for (String text : new String[] {"", "a", "ab", "abc", "abcd", "key", "21", "foobar", "é€😀"}) {
      keys.add(text.getBytes(StandardCharsets.UTF_8));
    }
    Random random = new Random(7);
    for (int length = 1; length <= 40; length++) {
      byte[] key = new byte[length];
      random.nextBytes(key);
      keys.add(key);
    }
    List<String> lines = new ArrayList<>();
    for (byte[] key : keys) {
      int hash = Utils.murmur2(key);
      lines.add(String.format(
          "  { \"key\": \"%s\", \"hash\": %d, \"of7\": %d, \"of100\": %d }",
          HexFormat.of().formatHex(key), hash,
          Utils.toPositive(hash) % 7, Utils.toPositive(hash) % 100));
    }
    System.out.println("[\n" + String.join(",\n", lines) + "\n]");
  }
}
