// Writes the messages of messages.json as Kafka's own client writes them, and its table of errors.
//
//   mkdir lib; for jar in org.apache.kafka:kafka-clients:4.4.0 org.slf4j:slf4j-api:1.7.36 \
//     com.fasterxml.jackson.core:jackson-{databind,core,annotations}:2.19.2
//   do mvn -q dependency:copy -Dartifact=$jar -DoutputDirectory=lib; done
//   java -cp 'lib/*' GoldenMessages.java messages.json bytes.json errors.json
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.MessageUtil;

public class GoldenMessages {
  static final ObjectMapper json =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  public static void main(String[] files) throws Exception {
    ObjectNode bytes = json.createObjectNode();
    for (JsonNode golden : json.readTree(new File(files[0]))) {
      for (JsonNode version : golden.get("versions")) write(golden, version.shortValue(), bytes);
    }
    json.writeValue(new File(files[1]), bytes);
    ObjectNode errors = json.createObjectNode();
    for (Errors error : Errors.values()) {
      ObjectNode row = errors.putObject(error.name());
      row.put("code", error.code());
      row.put("retriable", error.exception() instanceof RetriableException);
    }
    json.writeValue(new File(files[2]), errors);
  }

  /** Without the fields that `since` says are those of a later version. */
  static JsonNode spokenIn(short version, JsonNode golden) {
    JsonNode message = golden.get("message").deepCopy();
    golden.path("since").properties().forEach(field -> {
      if (version >= field.getValue().intValue()) return;
      message.findParents(field.getKey()).forEach(it -> ((ObjectNode) it).remove(field.getKey()));
    });
    return message;
  }

  static void write(JsonNode golden, short version, ObjectNode bytes) throws Exception {
    String api = golden.get("api").textValue();
    String direction = golden.get("direction").textValue();
    Class<?> converter = Class.forName(
        "org.apache.kafka.common.message." + api + direction + "DataJsonConverter");
    ApiMessage message = (ApiMessage) converter
        .getMethod("read", JsonNode.class, short.class)
        .invoke(null, spokenIn(version, golden), version);
    ByteBuffer buffer = MessageUtil.toByteBufferAccessor(message, version).buffer();
    byte[] written = new byte[buffer.remaining()];
    buffer.get(written);
    ApiMessageType type = ApiMessageType.fromApiKey(message.apiKey());
    boolean request = direction.equals("Request");
    // The tagged fields, of which there are none, that end the header of flexible versions.
    boolean tags = request
        ? type.requestHeaderVersion(version) >= 2 : type.responseHeaderVersion(version) >= 1;
    String name = api + direction + " v" + version;
    bytes.put(name, (tags ? "00" : "") + HexFormat.of().formatHex(written));
  }
}
