package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlightRecordingTest {
    private static final String COMPILATION = "straddle.RegionCompilation";
    private static final String CHANGE = "straddle.RegionChange";

    @TempDir private Path directory;

    @Test
    void compiledRegionsAreRecordedWithTheirSize() throws IOException {
        Path file = directory.resolve("recording.jfr");
        try (Recording recording = new Recording();
                Snippet snippet = new Snippet()) {
            recording.enable(COMPILATION);
            recording.enable(CHANGE);
            recording.start();
            snippet.compile();
            snippet.run("b9 20 4e 00 00" + "ff c9" + "75 fc");
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        RecordedEvent compilation = first(events, COMPILATION);
        RecordedEvent change = first(events, CHANGE);

        assertEquals("10005", compilation.getString("pc"));
        assertTrue(compilation.getInt("instructions") >= 2);
        assertTrue(compilation.getInt("bytecodeBytes") > 100);
        assertEquals("installed", change.getString("result"));
    }

    private static RecordedEvent first(List<RecordedEvent> events, String name) {
        return events.stream()
                .filter(event -> event.getEventType().getName().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
