package straddle.core.snapshot;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UTFDataFormatException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// Reads what [SnapshotWriter] wrote. Fields are found by name, in any order.
public final class SnapshotReader {
    private static final int MAX_DEPTH = 16;

    private final String path;
    private final int version;
    private final Map<String, Object> fields;

    private SnapshotReader(String path, int version, Map<String, Object> fields) {
        this.path = path;
        this.version = version;
        this.fields = fields;
    }

    /// Reads a whole snapshot.
    ///
    /// @throws SnapshotException if it is none, is of another format version, or ends early
    public static SnapshotReader from(InputStream stream) throws SnapshotException {
        DataInputStream in = new DataInputStream(stream);
        try {
            if (!Arrays.equals(in.readNBytes(SnapshotWriter.MAGIC.length), SnapshotWriter.MAGIC)) {
                throw new SnapshotException(
                        "This is no Straddle snapshot: its first bytes are not STRADSNP.");
            }
            int format = in.readInt();
            if (format != SnapshotWriter.FORMAT_VERSION) {
                throw new SnapshotException(
                        "The snapshot has format version "
                                + format
                                + "; this Straddle reads version "
                                + SnapshotWriter.FORMAT_VERSION
                                + ".");
            }
            return new SnapshotReader("", format, readFields(in, 0));
        } catch (EOFException e) {
            throw new SnapshotException("The snapshot ends early: the file is truncated.", e);
        } catch (UTFDataFormatException e) {
            throw new SnapshotException("The snapshot is damaged: a field's name is no text.", e);
        } catch (IOException e) {
            throw new SnapshotException(
                    "The snapshot could not be read: " + e.getMessage() + ".", e);
        }
    }

    private static Map<String, Object> readFields(DataInputStream in, int depth)
            throws IOException, SnapshotException {
        if (depth > MAX_DEPTH) {
            throw new SnapshotException(
                    "The snapshot is damaged: its sections nest deeper than " + MAX_DEPTH + ".");
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        int end = depth == 0 ? -1 : ']';
        for (int type = in.read(); type != end; type = in.read()) {
            if (type == -1) {
                throw new EOFException();
            }
            if ("LSB[".indexOf(type) < 0) {
                throw new SnapshotException(
                        "The snapshot is damaged: there is no type of field " + type + ".");
            }
            String name = in.readUTF();
            Object value =
                    switch (type) {
                        case 'L' -> in.readLong();
                        case 'S' -> new String(readBytes(in), StandardCharsets.UTF_8);
                        case 'B' -> readBytes(in);
                        default -> {
                            int version = in.readInt();
                            yield new SnapshotReader(name, version, readFields(in, depth + 1));
                        }
                    };
            if (fields.put(name, value) != null) {
                throw new SnapshotException(
                        "The snapshot is damaged: field " + name + " stands twice in its section.");
            }
        }
        return fields;
    }

    private static byte[] readBytes(DataInputStream in) throws IOException {
        int length = in.readInt();
        byte[] bytes = length < 0 ? new byte[0] : in.readNBytes(length);
        if (bytes.length != length) {
            throw new EOFException();
        }
        return bytes;
    }

    /// The version of this section's fields.
    public int version() {
        return version;
    }

    public boolean has(String name) {
        return fields.containsKey(name);
    }

    public long getLong(String name) throws SnapshotException {
        return get(name, Long.class);
    }

    public int getInt(String name) throws SnapshotException {
        return getInt(name, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    /// @throws SnapshotException if the value is not within `min` to `max`, both included
    public int getInt(String name, int min, int max) throws SnapshotException {
        long value = getLong(name);
        if (value < min || value > max) {
            throw new SnapshotException(
                    "The snapshot is damaged: "
                            + path
                            + "."
                            + name
                            + " is "
                            + value
                            + ", not "
                            + min
                            + " to "
                            + max
                            + ".");
        }
        return (int) value;
    }

    public boolean getBoolean(String name) throws SnapshotException {
        return getInt(name, 0, 1) == 1;
    }

    public String getString(String name) throws SnapshotException {
        return get(name, String.class);
    }

    public byte[] getBytes(String name) throws SnapshotException {
        return get(name, byte[].class);
    }

    /// @throws SnapshotException if there are not exactly `count` values
    public long[] getLongs(String name, int count) throws SnapshotException {
        byte[] bytes = getBytes(name);
        if (bytes.length != 8 * count) {
            throw new SnapshotException(
                    "The snapshot is damaged: "
                            + path
                            + "."
                            + name
                            + " has "
                            + bytes.length
                            + " bytes, not "
                            + 8 * count
                            + ".");
        }
        long[] values = new long[count];
        for (int i = 0; i < bytes.length; i++) {
            values[i / 8] = values[i / 8] << 8 | bytes[i] & 0xff;
        }
        return values;
    }

    public int[] getInts(String name, int count) throws SnapshotException {
        long[] wide = getLongs(name, count);
        int[] values = new int[count];
        for (int i = 0; i < count; i++) {
            values[i] = (int) wide[i];
        }
        return values;
    }

    /// A section, to read its fields.
    public SnapshotReader section(String name) throws SnapshotException {
        return get(name, SnapshotReader.class);
    }

    private <T> T get(String name, Class<T> type) throws SnapshotException {
        Object value = fields.get(name);
        if (!type.isInstance(value)) {
            throw new SnapshotException(
                    "The snapshot lacks "
                            + (path.isEmpty() ? name : path + "." + name)
                            + " as a "
                            + type.getSimpleName()
                            + ".");
        }
        return type.cast(value);
    }
}
