package straddle.core.snapshot;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/// Writes the self-describing snapshot format: sections of named, typed fields.
///
/// A stream is the magic `STRADSNP`, a format version (u32), then fields. A field is a type byte, its
/// name (u16 length, UTF-8) and its value: `L` a 64-bit integer, `S` a string, `B` bytes (u32 length),
/// `[` a section (u32 version, fields until `]`). All integers are big-endian. Names are unique within
/// their section, so that a reader finds them in any order and an older field can stay unread.
public final class SnapshotWriter {
    static final byte[] MAGIC = "STRADSNP".getBytes(StandardCharsets.US_ASCII);
    static final int FORMAT_VERSION = 1;

    private final DataOutputStream out;

    private SnapshotWriter(DataOutputStream out) {
        this.out = out;
    }

    /// Starts a snapshot on a stream.
    ///
    /// @throws UncheckedIOException from this and every other method if the stream fails
    public static SnapshotWriter to(OutputStream stream) {
        SnapshotWriter writer = new SnapshotWriter(new DataOutputStream(stream));
        writer.attempt(() -> {
            writer.out.write(MAGIC);
            writer.out.writeInt(FORMAT_VERSION);
        });
        return writer;
    }

    /// What one component saves, as bytes: for comparisons.
    public static byte[] bytesOf(Snapshotable component) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        component.save(to(bytes));
        return bytes.toByteArray();
    }

    public void putLong(String name, long value) {
        attempt(() -> {
            begin('L', name);
            out.writeLong(value);
        });
    }

    public void putInt(String name, int value) {
        putLong(name, value);
    }

    public void putBoolean(String name, boolean value) {
        putLong(name, value ? 1 : 0);
    }

    public void putString(String name, String value) {
        putRaw('S', name, value.getBytes(StandardCharsets.UTF_8));
    }

    public void putBytes(String name, byte[] value) {
        putRaw('B', name, value);
    }

    public void putLongs(String name, long[] values) {
        byte[] bytes = new byte[8 * values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (values[i / 8] >>> (56 - i % 8 * 8));
        }
        putBytes(name, bytes);
    }

    public void putInts(String name, int[] values) {
        long[] wide = new long[values.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = values[i];
        }
        putLongs(name, wide);
    }

    /// Writes a component as a section of its own.
    ///
    /// @param version of that component's fields
    public void putSection(String name, int version, Snapshotable component) {
        attempt(() -> {
            begin('[', name);
            out.writeInt(version);
        });
        component.save(this);
        attempt(() -> out.writeByte(']'));
    }

    private void putRaw(char type, String name, byte[] value) {
        attempt(() -> {
            begin(type, name);
            out.writeInt(value.length);
            out.write(value);
        });
    }

    private void begin(char type, String name) throws IOException {
        out.writeByte(type);
        out.writeUTF(name);
    }

    private void attempt(Output action) {
        try {
            action.write();
        } catch (IOException e) {
            throw new UncheckedIOException("The snapshot could not be written", e);
        }
    }

    private interface Output {
        void write() throws IOException;
    }
}
