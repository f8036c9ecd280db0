package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import straddle.core.accel.Accelerator;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.Availability;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.NoSuchCpuException;
import straddle.core.accel.VmResources;

class CpuOptionsTest {
    private static final String LACKING = "x86-65";

    private final List<String> asked = new ArrayList<>();
    private final AcceleratorProvider engine = new Recorder(ScriptedEngine.wellBehaved("tcg"));

    @Test
    void theProcessorChosenReachesTheEngine() {
        CommandRun run = CommandRun.of(List.of(engine), "run", "--cpu", "486,-fpu");

        assertEquals(ExitCodes.OK, run.code());
        assertEquals(List.of("486,-fpu"), asked);
    }

    @Test
    void withoutAChoiceItIsTheEngines() {
        assertEquals(ExitCodes.OK, CommandRun.of(List.of(engine), "run").code());
        assertEquals(List.of(""), asked);
    }

    @Test
    void helpListsWhatTheEnginesOfferAndRunsNothing() {
        CommandRun run = CommandRun.of(List.of(engine), "run", "--cpu", "help");

        assertEquals(ExitCodes.OK, run.code());
        assertTrue(run.out().contains("a model of ours"), run.out());
        assertEquals(List.of(), asked);
    }

    @Test
    void aProcessorThatTheEngineLacksIsTheUsersMistake() {
        CommandRun run = CommandRun.of(List.of(engine), "run", "--cpu", LACKING);

        assertEquals(ExitCodes.USAGE, run.code());
        assertEquals("straddle: There is no such processor.\n", run.err());
    }

    private final class Recorder implements AcceleratorProvider {
        private final AcceleratorProvider engine;

        Recorder(AcceleratorProvider engine) {
            this.engine = engine;
        }

        @Override
        public String name() {
            return engine.name();
        }

        @Override
        public String description() {
            return engine.description();
        }

        @Override
        public Availability availability(GuestArchitecture guest) {
            return engine.availability(guest);
        }

        @Override
        public String cpuHelp() {
            return "a model of ours\n";
        }

        @Override
        public Accelerator create(VmResources resources) throws AcceleratorException {
            if (resources.cpu().equals(LACKING)) {
                throw new NoSuchCpuException("There is no such processor.");
            }
            asked.add(resources.cpu());
            return engine.create(resources);
        }
    }
}
