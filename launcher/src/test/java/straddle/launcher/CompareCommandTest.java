package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.vcpu.Exit;
import straddle.machines.embedded.EmbeddedGuest;
import straddle.machines.embedded.Phase;

class CompareCommandTest {
    private static final AcceleratorProvider GOOD = ScriptedEngine.wellBehaved("tcg");

    private static CommandRun compare(AcceleratorProvider engine, String... more) {
        String[] line = new String[more.length + 7];
        List.of("compare", "--accel", engine.name(), "--repeat", "2", "--phase-time", "0.001")
                .toArray(line);
        System.arraycopy(more, 0, line, 7, more.length);
        return CommandRun.of(List.of(engine), line);
    }

    @Test
    void aRowAPhaseAndAColumnAMode() {
        CommandRun run = compare(GOOD);

        assertEquals(ExitCodes.OK, run.code(), run.err());
        for (Phase phase : EmbeddedGuest.builtIn().phases()) {
            assertTrue(run.out().contains("\n" + phase.name()), run.out());
        }
        assertTrue(run.out().contains("port write"), run.out());
        assertTrue(run.out().contains("All results are right."), run.out());
        assertTrue(run.out().lines().allMatch(line -> line.length() <= 100), run.out());
    }

    @Test
    void progressGoesToStandardErrorALineAStage() {
        CommandRun run = compare(GOOD);

        assertTrue(run.err().contains("tcg, warming up\ntcg, run 1 of 2\n"), run.err());
        assertFalse(run.err().contains("\u001b"), run.err());
    }

    @Test
    void jsonHasEveryRunOfEveryPhase() {
        JsonObject root = JsonParser.parseString(compare(GOOD, "--json").out()).getAsJsonObject();
        JsonArray modes = root.getAsJsonArray("modes");
        JsonArray phases = modes.get(0).getAsJsonObject().getAsJsonArray("phases");

        assertTrue(root.get("all_right").getAsBoolean());
        assertEquals(1, modes.size());
        assertEquals(EmbeddedGuest.builtIn().phases().size(), phases.size());
        assertEquals(
                2, phases.get(0).getAsJsonObject().getAsJsonArray("runs_ns_per_operation").size());
    }

    @Test
    void aWrongResultIsShownAndIsTheExitCode() {
        AcceleratorProvider wrong =
                new ScriptedEngine(
                        "tcg",
                        cpu -> {
                            for (Phase phase : EmbeddedGuest.builtIn().phases()) {
                                cpu.phase(phase, phase.expected() ^ 1);
                            }
                            cpu.powerOff(13);
                        });
        CommandRun run = compare(wrong);

        assertEquals(ExitCodes.WRONG_RESULT, run.code());
        assertTrue(run.out().contains("WRONG"), run.out());
    }

    @Test
    void aGuestThatGivesUpShowsTheLastOfItsSerialLine() {
        AcceleratorProvider quitter =
                new ScriptedEngine(
                        "tcg",
                        cpu -> {
                            cpu.say("unexpected exception 6\r\n");
                            cpu.powerOff(0x26);
                        });
        CommandRun run = compare(quitter);

        assertEquals(ExitCodes.GUEST, run.code());
        assertTrue(run.out().contains("exit code 38"), run.out());
        assertTrue(run.out().contains("unexpected exception 6"), run.out());
    }

    @Test
    void oneModeThatFailsDoesNotHideTheOthers() {
        AcceleratorProvider failing =
                new ScriptedEngine("kvm", cpu -> cpu.exit(new Exit.Shutdown("a triple fault")));
        CommandRun run =
                CommandRun.of(
                        List.of(GOOD, failing),
                        "compare",
                        "--accel=tcg,kvm",
                        "--repeat=1",
                        "--phase-time=0.001");

        assertEquals(ExitCodes.GUEST, run.code());
        assertTrue(run.out().contains("kvm did not get through"), run.out());
        assertTrue(run.out().contains("\nsieve"), run.out());
    }

    @ParameterizedTest
    @CsvSource({
        "--repeat=0, --repeat",
        "--repeat=many, many",
        "--phase-time=0, --phase-time",
        "--phase-time=NaN, --phase-time",
        "--accel=nativ, There is no accelerator"
    })
    void aBadOptionIsRefusedInASentence(String option, String named) {
        CommandRun run = CommandRun.of(List.of(GOOD), "compare", option);

        assertEquals(ExitCodes.USAGE, run.code());
        assertTrue(run.err().contains(named), run.err());
    }

    @Test
    void whereNothingWorksThereIsNothingToCompare() {
        CommandRun run = CommandRun.of(List.of(), "compare", "--accel=kvm", "--repeat=1");

        assertEquals(ExitCodes.HOST, run.code());
        assertTrue(run.err().contains("'kvm' is not part of this build"), run.err());
    }
}
