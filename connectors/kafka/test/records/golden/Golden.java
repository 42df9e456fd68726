/*
 * Writes golden.json: record batches as Kafka's own client for Java makes them, each with what that
 * client reads in it; or reads batches made elsewhere and says what it sees in them.
 *
 *     mvn -q dependency:copy-dependencies -DoutputDirectory=lib
 *     java -cp 'lib/*' Golden.java write > golden.json
 *     java -cp 'lib/*' Golden.java read < ours.txt     (lines: a name, a blank, the bytes in base64)
 */
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.message.LeaderChangeMessage;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.utils.ByteBufferOutputStream;

public class Golden {
  static final long TIME = 1_700_000_000_000L;
  static final long NO_TIME = -1L;
  static final Header[] NO_HEADERS = new Header[0];

  public static void main(String[] args) throws Exception {
    Map<String, byte[]> batches = args[0].equals("write") ? made() : given();
    List<String> entries = new ArrayList<>();
    for (Map.Entry<String, byte[]> entry : batches.entrySet()) {
      entries.add("{\"name\": \"" + entry.getKey() + "\",\n  \"bytes\": \""
          + Base64.getEncoder().encodeToString(entry.getValue()) + "\",\n  \"batches\": "
          + described(entry.getValue()) + "}");
    }
    System.out.println("[" + String.join(",\n", entries) + "]");
  }

  static Map<String, byte[]> given() throws Exception {
    Map<String, byte[]> batches = new LinkedHashMap<>();
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] parts = line.split(" ");
      batches.put(parts[0], Base64.getDecoder().decode(parts[1]));
    }
    return batches;
  }

  static Map<String, byte[]> made() {
    Map<String, byte[]> batches = new LinkedHashMap<>();
    for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
      Compression compression = Compression.of(codec).build();
      batches.put("mixed-" + codec, mixed(compression));
      batches.put("large-" + codec, large(compression));
      batches.put("transactional-" + codec, transactional(compression));
      batches.put("log-append-time-" + codec, logAppendTime(compression));
    }
    batches.put("idempotent", idempotent());
    batches.put("timestamps", timestamps());
    batches.put("commit-marker", marker(ControlRecordType.COMMIT, 3));
    batches.put("abort-marker", marker(ControlRecordType.ABORT, 17));
    batches.put("leader-change", leaderChange());
    batches.put("empty-batch", emptyBatch(false));
    batches.put("empty-marker", emptyBatch(true));
    batches.put("compacted", compacted(NO_TIME));
    batches.put("delete-horizon", compacted(TIME + 5));
    batches.put("several", several());
    return batches;
  }

  static byte[] mixed(Compression compression) {
    MemoryRecordsBuilder builder = builder(compression, 0, -1, (short) -1, -1, false);
    builder.append(TIME, bytes("key"), bytes("value"), NO_HEADERS);
    builder.append(TIME + 70, (byte[]) null, bytes("no key"), NO_HEADERS);
    builder.append(TIME - 70, new byte[0], bytes("empty key"), NO_HEADERS);
    builder.append(TIME + 100_000, bytes("tombstone"), null, NO_HEADERS);
    builder.append(TIME, bytes("empty value"), new byte[0], NO_HEADERS);
    builder.append(TIME, (byte[]) null, null, NO_HEADERS);
    builder.append(TIME, bytes("h"), bytes("headers"), new Header[] {
      new RecordHeader("trace", bytes("1")), new RecordHeader("none", (byte[]) null),
      new RecordHeader("trace", bytes("2")), new RecordHeader("", new byte[0]),
      new RecordHeader("größe €", new byte[] {0, -1, 127, -128})});
    for (int index = 0; index < 40; index++) {
      builder.append(TIME + index * 9, bytes("k" + index % 7),
          bytes("{\"order\":" + index * 7919 + ",\"note\":\"the quick brown fox\"}"), NO_HEADERS);
    }
    return built(builder);
  }

  static byte[] large(Compression compression) {
    MemoryRecordsBuilder builder = builder(compression, 5_000_000_000L, -1, (short) -1, -1, false);
    builder.append(TIME, bytes("small"), bytes("before"), NO_HEADERS);
    builder.append(TIME + 1, bytes("large"), noise(3_000), NO_HEADERS);
    if (compression.type() != CompressionType.NONE) {
      builder.append(TIME + 2, bytes("repeated"), bytes("abcdefghij".repeat(30_000)), NO_HEADERS);
    }
    builder.append(TIME + 3, bytes("small"), bytes("behind"), NO_HEADERS);
    return built(builder);
  }

  static byte[] transactional(Compression compression) {
    MemoryRecordsBuilder builder = builder(compression, 42, 9_007_199_254L, (short) 32_767, 5, true);
    builder.append(TIME, bytes("a"), bytes("1"), NO_HEADERS);
    builder.append(TIME, bytes("b"), bytes("2"), NO_HEADERS);
    return built(builder);
  }

  static byte[] logAppendTime(Compression compression) {
    MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(1024), (byte) 2,
        compression, TimestampType.LOG_APPEND_TIME, 100L, TIME + 1234, -1L, (short) -1, -1);
    builder.append(TIME, bytes("a"), bytes("1"), NO_HEADERS);
    builder.append(TIME + 10, bytes("b"), bytes("2"), NO_HEADERS);
    return built(builder);
  }

  static byte[] idempotent() {
    MemoryRecordsBuilder builder =
        builder(Compression.NONE, 0, 1000, (short) 0, Integer.MAX_VALUE - 1, false);
    for (int index = 0; index < 5; index++) {
      builder.append(TIME + index, (byte[]) null, bytes("v" + index), NO_HEADERS);
    }
    return built(builder);
  }

  static byte[] timestamps() {
    MemoryRecordsBuilder builder = builder(Compression.NONE, 0, -1, (short) -1, -1, false);
    for (long timestamp : new long[] {0, -1, 9, 100, 4_294_967_296L, 1}) {
      builder.append(timestamp, (byte[]) null, bytes("t"), NO_HEADERS);
    }
    return built(builder);
  }

  static byte[] marker(ControlRecordType type, int coordinatorEpoch) {
    MemoryRecords records = MemoryRecords.withEndTransactionMarker(77L, TIME, 12, 1000L, (short) 4,
        new EndTransactionMarker(type, coordinatorEpoch));
    return content(records);
  }

  static byte[] leaderChange() {
    return content(MemoryRecords.withLeaderChangeMessage(
        3L, TIME, 12, ByteBuffer.allocate(512), new LeaderChangeMessage().setLeaderId(1)));
  }

  static byte[] emptyBatch(boolean control) {
    ByteBuffer buffer = ByteBuffer.allocate(61);
    DefaultRecordBatch.writeEmptyHeader(buffer, (byte) 2, 1000L, (short) 4, 20, 500L, 599L, 12,
        TimestampType.CREATE_TIME, TIME, true, control);
    buffer.flip();
    return bytes(buffer);
  }

  static byte[] compacted(long deleteHorizonMs) {
    MemoryRecordsBuilder builder = new MemoryRecordsBuilder(new ByteBufferOutputStream(512),
        (byte) 2, Compression.NONE, TimestampType.CREATE_TIME, 1000L, -1L, -1L, (short) -1, -1,
        false, false, 12, 0, deleteHorizonMs);
    builder.appendWithOffset(1003, TIME, bytes("a"), bytes("1"));
    builder.appendWithOffset(1090, TIME + 20, bytes("b"), null);
    builder.overrideLastOffset(1999);
    return built(builder);
  }

  static byte[] several() {
    ByteBuffer all = ByteBuffer.allocate(100_000);
    all.put(emptyBatch(false)).put(mixed(Compression.of("lz4").build())).put(emptyBatch(true));
    all.put(marker(ControlRecordType.ABORT, 1)).put(compacted(NO_TIME));
    all.flip();
    return bytes(all);
  }

  static MemoryRecordsBuilder builder(Compression compression, long baseOffset, long producerId,
      short producerEpoch, int baseSequence, boolean transactional) {
    return MemoryRecords.builder(ByteBuffer.allocate(1024), (byte) 2, compression,
        TimestampType.CREATE_TIME, baseOffset, -1L, producerId, producerEpoch, baseSequence,
        transactional, -1);
  }

  static byte[] built(MemoryRecordsBuilder builder) {
    return content(builder.build());
  }

  static byte[] content(MemoryRecords records) {
    return bytes(records.buffer().duplicate());
  }

  static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Bytes that hardly compress, the same in every run. */
  static byte[] noise(int length) {
    byte[] bytes = new byte[length];
    int state = 1;
    for (int index = 0; index < length; index++) {
      state = state * 1_103_515_245 + 12_345;
      bytes[index] = (byte) (state >> 16);
    }
    return bytes;
  }

  static String described(byte[] bytes) throws Exception {
    List<String> batches = new ArrayList<>();
    for (MutableRecordBatch batch : MemoryRecords.readableRecords(ByteBuffer.wrap(bytes)).batches()) {
      batch.ensureValid();
      List<String> records = new ArrayList<>();
      for (Record record : batch) records.add(described(record));
      batches.add("{\"baseOffset\": " + batch.baseOffset() + ", \"lastOffset\": "
          + batch.lastOffset() + ", \"nextOffset\": " + batch.nextOffset()
          + ", \"partitionLeaderEpoch\": " + batch.partitionLeaderEpoch() + ", \"producerId\": "
          + batch.producerId() + ", \"producerEpoch\": " + batch.producerEpoch()
          + ", \"baseSequence\": " + batch.baseSequence() + ", \"lastSequence\": "
          + batch.lastSequence() + ", \"isTransactional\": " + batch.isTransactional()
          + ", \"isControl\": " + batch.isControlBatch() + ", \"timestampType\": \""
          + batch.timestampType() + "\", \"maxTimestamp\": " + batch.maxTimestamp()
          + ", \"recordCount\": " + batch.countOrNull() + ", \"compression\": \""
          + batch.compressionType().name + "\", \"marker\": " + marker(batch)
          + ", \"records\": [" + String.join(", ", records) + "]}");
    }
    return "[" + String.join(", ", batches) + "]";
  }

  static String marker(MutableRecordBatch batch) {
    if (!batch.isControlBatch() || !batch.iterator().hasNext()) return "null";
    Record record = batch.iterator().next();
    ControlRecordType type = ControlRecordType.parse(record.key());
    if (type != ControlRecordType.ABORT && type != ControlRecordType.COMMIT) return "null";
    EndTransactionMarker marker = EndTransactionMarker.deserialize(record);
    return "{\"type\": \"" + marker.controlType().name().toLowerCase()
        + "\", \"coordinatorEpoch\": " + marker.coordinatorEpoch() + "}";
  }

  static String described(Record record) throws Exception {
    List<String> headers = new ArrayList<>();
    for (Header header : record.headers()) {
      headers.add("{\"key\": \"" + header.key() + "\", \"value\": "
          + told(header.value() == null ? null : ByteBuffer.wrap(header.value())) + "}");
    }
    return "{\"offset\": " + record.offset() + ", \"timestamp\": " + record.timestamp()
        + ", \"key\": " + told(record.key()) + ", \"value\": " + told(record.value())
        + ", \"headers\": [" + String.join(", ", headers) + "]}";
  }

  /** In hexadecimal, or, if that would be long, its length and digest. */
  static String told(ByteBuffer buffer) throws Exception {
    if (buffer == null) return "null";
    byte[] bytes = bytes(buffer);
    if (bytes.length <= 256) return "\"" + HexFormat.of().formatHex(bytes) + "\"";
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
    return "\"" + bytes.length + " bytes, sha256 " + HexFormat.of().formatHex(digest) + "\"";
  }
}
