package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;

/// The built-in guest under the translator, seen from outside.
class ObservedRunTest {
    private static final AcceleratorProvider SCRIPTED = ScriptedEngine.wellBehaved("tcg");

    private static final Pattern WORD = Pattern.compile("'[^']*'|\\S+");

    @TempDir private Path directory;

    @Test
    void statsTraceAndExitsOfOneRunFitTogether() throws IOException {
        Path stats = directory.resolve("stats.json");
        Path exits = directory.resolve("exits.json");
        Path trace = directory.resolve("trace.txt");
        Path symbols = directory.resolve("symbols");
        Files.writeString(symbols, "0000000000010000 T _start\n0000000000010400 t serial\n");
        CommandRun run =
                CommandRun.of(
                        AcceleratorProvider.installed(),
                        "run",
                        "--accel=tcg",
                        "--stats=" + stats,
                        "--exits=" + exits,
                        "--symbols=" + symbols,
                        "--trace=insn,tb,int,io",
                        "--trace-file=" + trace,
                        "--trace-filter=after=100,limit=500");

        assertEquals(ExitCodes.OK, run.code(), run.err());
        assertEquals("", run.err());
        assertEquals(500, Files.readAllLines(trace).size());
        JsonObject figures = json(stats).getAsJsonObject();
        JsonArray places = json(exits).getAsJsonArray();
        long portReads =
                places.asList().stream()
                        .map(each -> each.getAsJsonObject())
                        .filter(each -> each.get("kind").getAsString().equals("port read"))
                        .mapToLong(each -> each.get("count").getAsLong())
                        .sum();
        assertEquals(figures.getAsJsonObject("exits").get("portRead").getAsLong(), portReads);
        assertTrue(Files.readString(exits).contains("\"symbol\": \"serial+0x"));
        long instructions =
                figures.getAsJsonArray("tiers").asList().stream()
                        .map(each -> each.getAsJsonObject())
                        .filter(each -> each.has("instructions"))
                        .mapToLong(each -> each.get("instructions").getAsLong())
                        .sum();
        assertEquals(figures.get("instructions").getAsLong(), instructions);
    }

    private static List<String> commandsOfTheManual() throws IOException {
        return Files.readAllLines(Path.of("..", "docs", "observing.md")).stream()
                .map(String::strip)
                .filter(line -> line.startsWith("$ straddle "))
                .map(line -> line.substring("$ straddle ".length()))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("commandsOfTheManual")
    void theManualsCommandsWork(String command) throws AcceleratorException {
        if (command.contains("hybrid")) {
            GuestPrograms.requireNativeUserCode();
        }
        List<String> words = new ArrayList<>();
        Matcher matcher = WORD.matcher(command.replace("=stats.json", "=" + directory + "/s"));
        while (matcher.find()) {
            words.add(matcher.group().replace("'", ""));
        }
        CommandRun run =
                CommandRun.of(AcceleratorProvider.installed(), words.toArray(String[]::new));

        assertEquals(ExitCodes.OK, run.code(), run.err());
        assertTrue(!run.out().isEmpty());
    }

    private static com.google.gson.JsonElement json(Path file) throws IOException {
        return JsonParser.parseString(Files.readString(file));
    }

    @Test
    void exitsOfAnyEngineEndInATable() {
        CommandRun run = CommandRun.of(List.of(SCRIPTED), "run", "--exits");

        assertTrue(run.err().contains("port write"), run.err());
        assertTrue(run.err().contains("debug console"), run.err());
    }

    @Test
    void theProfileHasNativeCodeAndDevicesTogether() throws AcceleratorException {
        GuestPrograms.requireNativeUserCode();
        CommandRun run =
                CommandRun.of(AcceleratorProvider.installed(), "run", "--accel=hybrid", "--exits");

        assertEquals(ExitCodes.OK, run.code(), run.err());
        assertTrue(
                run.err().matches("(?s).*native slice +0x7f[0-9a-f]+ +system call.*"), run.err());
        assertTrue(run.err().matches("(?s).*native slice +interrupt.*"), run.err());
        assertTrue(run.err().matches("(?s).*port write +0x[0-9a-f]+ +COM1.*"), run.err());
    }

    @Test
    void theProfilesFileHasNativeCodeByReason() throws Exception {
        GuestPrograms.requireNativeUserCode();
        Path exits = directory.resolve("exits.json");
        CommandRun run =
                CommandRun.of(
                        AcceleratorProvider.installed(),
                        "run",
                        "--accel=hybrid",
                        "--exits=" + exits);

        assertEquals(ExitCodes.OK, run.code(), run.err());
        assertEquals("", run.err());
        List<JsonObject> slices =
                json(exits).getAsJsonArray().asList().stream()
                        .map(each -> each.getAsJsonObject())
                        .filter(each -> each.get("kind").getAsString().equals("native slice"))
                        .toList();
        assertTrue(
                slices.stream()
                        .anyMatch(each -> each.get("device").getAsString().equals("system call")),
                () -> slices.toString());
        assertTrue(
                slices.stream()
                        .allMatch(each ->
                                each.get("count").getAsLong() > 0
                                        && each.get("nanos").getAsLong() > 0),
                () -> slices.toString());
    }

    @Test
    void exitsOfAnyEngineAreTraced() {
        CommandRun run = CommandRun.of(List.of(SCRIPTED), "run", "--trace=io");

        assertTrue(run.err().contains("port write 0xe9, 1 bytes: 0x68  debug console"), run.err());
    }

    @ParameterizedTest
    @CsvSource({
        "--trace=everything",
        "--trace-filter=limit=5",
        "--trace=io --trace-filter=limit=many",
        "--trace=io --trace-filter=colour=red",
        "--trace=io --trace-file=/no/such/directory/file",
        "--exits --symbols=/no/such/file",
        "--exits --symbols=/dev/null"
    })
    void whatMakesNoSenseIsTheUsersMistake(String options) {
        String[] words = ("run " + options).split(" ");
        CommandRun run = CommandRun.of(List.of(SCRIPTED), words);

        assertEquals(ExitCodes.USAGE, run.code());
        assertTrue(run.err().startsWith("straddle: "), run.err());
    }
}
