package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.vcpu.Exit;
import straddle.machines.embedded.EmbeddedGuest;

class RunCommandTest {
    private static final AcceleratorProvider GOOD = ScriptedEngine.wellBehaved("tcg");

    @TempDir private Path directory;

    @Test
    void theGuestsSerialLineIsStandardOutput() {
        CommandRun run = CommandRun.of(List.of(GOOD), "run", "--accel", "tcg");

        assertEquals("hello\r\n", run.out());
        assertEquals("", run.err());
        assertEquals(ExitCodes.OK, run.code());
    }

    @Test
    void withoutKvmAutoIsTheTranslator() {
        assertEquals(ExitCodes.OK, CommandRun.of(List.of(GOOD), "run").code());
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "7, 7", "255, 255", "65536, 255"})
    void theGuestsExitCodeIsOurs(int value, int code) {
        AcceleratorProvider engine = new ScriptedEngine("tcg", cpu -> cpu.powerOff(value));

        assertEquals(code, CommandRun.of(List.of(engine), "run").code());
    }

    @Test
    void statsSayWhatTheGuestExitedFor() {
        CommandRun run = CommandRun.of(List.of(GOOD), "run", "--stats");

        assertTrue(run.err().contains("port write"), run.err());
        assertTrue(run.err().contains("lines not executed"), run.err());
        assertEquals("hello\r\n", run.out());
    }

    @Test
    void statsGoIntoAFileAsJson() throws IOException {
        Path file = directory.resolve("stats.json");
        CommandRun run = CommandRun.of(List.of(GOOD), "run", "--stats=" + file);
        JsonObject stats = JsonParser.parseString(Files.readString(file)).getAsJsonObject();

        assertEquals("tcg", stats.get("engine").getAsString());
        assertEquals(7, stats.getAsJsonObject("script").get("linesNotExecuted").getAsInt());
        assertEquals("", run.err());
    }

    @Test
    void statsThatCantBeWrittenAreTheUsersMistake() {
        CommandRun run =
                CommandRun.of(List.of(GOOD), "run", "--stats=" + directory.resolve("none/x"));

        assertEquals(ExitCodes.USAGE, run.code());
        assertTrue(run.err().contains("can't be written"), run.err());
    }

    @Test
    void aTripleFaultIsTheGuestsFailure() {
        AcceleratorProvider engine =
                new ScriptedEngine("tcg", cpu -> cpu.exit(new Exit.Shutdown("a triple fault")));
        CommandRun run = CommandRun.of(List.of(engine), "run");

        assertEquals(ExitCodes.GUEST, run.code());
        assertTrue(run.err().contains("a triple fault"), run.err());
    }

    @Test
    void anInstructionThatNothingHasIsReportedWithItsBytes() {
        AcceleratorProvider engine =
                new ScriptedEngine(
                        "tcg",
                        cpu ->
                                cpu.exit(
                                        new Exit.Unhandled(
                                                "The instruction 0F FF is not implemented.",
                                                "rip 1234")));
        CommandRun run = CommandRun.of(List.of(engine), "run");

        assertEquals(ExitCodes.GUEST, run.code());
        assertTrue(run.err().contains("0F FF"), run.err());
        assertTrue(run.err().contains("rip 1234"), run.err());
    }

    @Test
    void aGuestThatNeverEndsIsStoppedAtTheTimeLimit() {
        AcceleratorProvider engine = new ScriptedEngine("tcg", _ -> Thread.sleep(Long.MAX_VALUE));
        CommandRun run = CommandRun.of(List.of(engine), "run", "--timeout", "0.2");

        assertEquals(ExitCodes.TIMED_OUT, run.code());
        assertTrue(run.err().contains("still running"), run.err());
    }

    @Test
    void aFloodOfSerialOutputIsStoppedAtTheTimeLimit() {
        AcceleratorProvider engine = new ScriptedEngine("tcg", RunCommandTest::flood);
        CommandRun run = CommandRun.of(List.of(engine), "run", "--timeout", "0.2");

        assertEquals(ExitCodes.TIMED_OUT, run.code());
        assertTrue(run.out().startsWith("xxxx"));
    }

    private static void flood(ScriptedEngine.Ports cpu) throws InterruptedException {
        while (true) {
            cpu.say("x");
        }
    }

    @Test
    void anEngineThatIsUnavailableSaysWhyAndWhatWorks() {
        AcceleratorProvider none =
                MadeUpEngine.unavailable(
                        "kvm", "you may not open /dev/kvm", "Join the group 'kvm'.");
        CommandRun run = CommandRun.of(List.of(none, GOOD), "run", "--accel", "kvm");

        assertEquals(ExitCodes.HOST, run.code());
        assertTrue(run.err().contains("because you may not open /dev/kvm."), run.err());
        assertTrue(run.err().contains("Join the group 'kvm'."), run.err());
        assertTrue(run.err().contains("--accel tcg"), run.err());
    }

    @Test
    void anEngineThatFailsToStartIsTheHostsFault() {
        CommandRun run =
                CommandRun.of(List.of(MadeUpEngine.available("kvm")), "run", "--accel", "kvm");

        assertEquals(ExitCodes.HOST, run.code());
        assertTrue(run.err().contains("A made-up engine runs nothing."), run.err());
    }

    @ParameterizedTest
    @CsvSource({"kmv, kvm", "hybird, hybrid", "qemu, tcg"})
    void anUnknownEngineSuggestsOrListsTheKnownOnes(String given, String named) {
        CommandRun run = CommandRun.of(List.of(GOOD), "run", "--accel", given);

        assertEquals(ExitCodes.USAGE, run.code());
        assertTrue(run.err().contains(named), run.err());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0M",
                "0G",
                "64",
                "-64M",
                "64X",
                "",
                "99999999999999999999M",
                "1M",
                "9223372036854775807T"
            })
    void anImpossibleMemorySizeIsRefusedInASentence(String size) {
        CommandRun run = CommandRun.of(List.of(GOOD), "run", "-m", size);

        assertEquals(ExitCodes.USAGE, run.code(), run.err());
        assertTrue(run.err().startsWith("straddle: "), run.err());
        assertTrue(run.err().contains("-m") || run.err().contains("64M"), run.err());
    }

    @Test
    void moreMemoryThanTheHostHasIsTheHostsLimit() {
        CommandRun run = CommandRun.of(List.of(GOOD), "run", "-m", "1000T");

        assertEquals(ExitCodes.HOST, run.code());
        assertTrue(run.err().contains("this host has only"), run.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "NaN", "1e9"})
    void anImpossibleTimeLimitIsRefused(String seconds) {
        CommandRun run = CommandRun.of(List.of(GOOD), "run", "--timeout=" + seconds);

        assertEquals(ExitCodes.USAGE, run.code());
        assertTrue(run.err().contains("--timeout"), run.err());
    }

    @Test
    void aGuestImageThatIsMissingIsNamed() {
        refusesImage(directory.resolve("nowhere.img"), "nowhere.img");
    }

    @Test
    void aDirectoryIsNoGuestImage() {
        refusesImage(directory, "directory");
    }

    @Test
    void anEmptyGuestImageIsRefused() throws IOException {
        refusesImage(Files.createFile(directory.resolve("empty.img")), "empty");
    }

    @Test
    void aTruncatedGuestImageIsRefused() throws IOException {
        Path image = directory.resolve("half.img");
        byte[] whole = EmbeddedGuest.builtIn().bytes();
        Files.write(image, Arrays.copyOf(whole, whole.length / 2));

        refusesImage(image, "truncated");
    }

    @Test
    void fourGibibytesOfZerosAreRefusedWithoutReadingThem() throws IOException {
        Path image = directory.resolve("zeros.img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(4L << 30);
        }

        refusesImage(image, "no Straddle guest image");
    }

    private static void refusesImage(Path image, String why) {
        CommandRun run = CommandRun.of(List.of(GOOD), "run", "--guest", image.toString());

        assertEquals(ExitCodes.USAGE, run.code());
        assertTrue(run.err().contains(why), run.err());
        assertTrue(run.err().contains(image.toString()), run.err());
        assertEquals("", run.out());
    }
}
