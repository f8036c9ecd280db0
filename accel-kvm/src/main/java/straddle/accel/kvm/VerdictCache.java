package straddle.accel.kvm;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import straddle.core.accel.HostVerdict;
import straddle.core.accel.HostVerdict.GuestMode;
import straddle.core.accel.HostVerdict.Row;
import straddle.core.accel.HostVerdict.Section;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.snapshot.Snapshotable;

/// The last verdict, in a file in snapshot format. A file that is missing, damaged or of another host is no
/// verdict; one that can't be written is no error: the probe is made again.
final class VerdictCache {
    private static final int MAX_ROWS = 1000;

    private final Path file;

    VerdictCache(Path file) {
        this.file = file;
    }

    /// @param key names host, kernel and Straddle's version: only a verdict of the same key counts
    Optional<HostVerdict> find(String key) {
        try {
            byte[] bytes = Files.readAllBytes(file);
            SnapshotReader in = SnapshotReader.from(new ByteArrayInputStream(bytes));
            return in.getString("key").equals(key) ? Optional.of(read(in)) : Optional.empty();
        } catch (IOException | SnapshotException _) {
            return Optional.empty();
        }
    }

    private static HostVerdict read(SnapshotReader in) throws SnapshotException {
        Map<GuestMode, Double> speeds = new EnumMap<>(GuestMode.class);
        for (GuestMode mode : GuestMode.values()) {
            if (in.has("speed." + mode.name())) {
                speeds.put(mode, getDouble(in, "speed." + mode.name()));
            }
        }
        List<Section> sections = new ArrayList<>();
        int count = in.getInt("sections", 0, MAX_ROWS);
        for (int i = 0; i < count; i++) {
            sections.add(readSection(in.section("section" + i)));
        }
        return new HostVerdict(
                in.getString("host"),
                speeds,
                getDouble(in, "userExitMicros"),
                getDouble(in, "systemCallMicros"),
                getDouble(in, "portExitMicros"),
                sections);
    }

    private static Section readSection(SnapshotReader in) throws SnapshotException {
        List<Row> rows = new ArrayList<>();
        int count = in.getInt("rows", 0, MAX_ROWS);
        for (int i = 0; i < count; i++) {
            rows.add(
                    new Row(
                            in.getString("name" + i),
                            in.getString("value" + i),
                            in.getString("meaning" + i)));
        }
        return new Section(in.getString("title"), rows);
    }

    private static double getDouble(SnapshotReader in, String name) throws SnapshotException {
        return Double.longBitsToDouble(in.getLong(name));
    }

    void put(String key, HostVerdict verdict) {
        Path fresh = null;
        try {
            Files.createDirectories(file.getParent());
            fresh = Files.createTempFile(file.getParent(), "verdict", null);
            try (OutputStream stream = Files.newOutputStream(fresh)) {
                write(SnapshotWriter.to(stream), key, verdict);
            }
            Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException | UncheckedIOException _) {
            drop(fresh);
        }
    }

    private static void drop(Path fresh) {
        try {
            if (fresh != null) {
                Files.deleteIfExists(fresh);
            }
        } catch (IOException _) {
            // What could not be written can't be removed either.
        }
    }

    private static void write(SnapshotWriter out, String key, HostVerdict verdict) {
        out.putString("key", key);
        out.putString("host", verdict.host());
        verdict.speeds().forEach((mode, speed) -> putDouble(out, "speed." + mode.name(), speed));
        putDouble(out, "userExitMicros", verdict.userExitMicros());
        putDouble(out, "systemCallMicros", verdict.systemCallMicros());
        putDouble(out, "portExitMicros", verdict.portExitMicros());
        out.putInt("sections", verdict.sections().size());
        for (int i = 0; i < verdict.sections().size(); i++) {
            out.putSection("section" + i, 1, new SectionWriter(verdict.sections().get(i)));
        }
    }

    private static void putDouble(SnapshotWriter out, String name, double value) {
        out.putLong(name, Double.doubleToRawLongBits(value));
    }

    /// A section as the snapshot format wants it; it is read without one.
    private record SectionWriter(Section section) implements Snapshotable {
        @Override
        public void save(SnapshotWriter out) {
            out.putString("title", section.title());
            out.putInt("rows", section.rows().size());
            for (int i = 0; i < section.rows().size(); i++) {
                Row row = section.rows().get(i);
                out.putString("name" + i, row.name());
                out.putString("value" + i, row.value());
                out.putString("meaning" + i, row.meaning());
            }
        }

        @Override
        public void restore(SnapshotReader in) {
            throw new UnsupportedOperationException("a section is read as a whole");
        }
    }
}
