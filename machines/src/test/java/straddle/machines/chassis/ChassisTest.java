package straddle.machines.chassis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import straddle.core.accel.Accelerator;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.Availability;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.VmResources;
import straddle.core.arch.x86.X86;
import straddle.core.irq.InterruptSource;
import straddle.core.irq.IrqChip;
import straddle.core.irq.IrqLine;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.RunControl;
import straddle.core.vcpu.StopReason;
import straddle.machines.FakeEngine;

@Timeout(30)
class ChassisTest {
    private final Chassis chassis = new Chassis(System::nanoTime);
    private final FakeEngine first = new FakeEngine(FakeEngine::spin, Optional.of("a model"));
    private final FakeEngine second =
            new FakeEngine(_ -> {
                chassis.control.stop(new StopReason.PoweredOff(5));
                return Exit.Kicked.KICKED;
            });

    @AfterEach
    void close() {
        chassis.close();
        assertEquals(0, first.open());
        assertEquals(0, second.open());
    }

    private void power(FakeEngine engine) throws AcceleratorException {
        chassis.power(engine, GuestArchitecture.X86_64, 1);
        chassis.addVcpu(InterruptSource.NONE);
        chassis.start();
    }

    @Test
    void theNextEngineGetsTheStateAndTheProcessorAndRunsOn() throws Exception {
        power(first);
        first.state().gpr[X86.RBX] = 42;
        assertTrue(chassis.switchTo(second).isPositive());
        assertEquals(new StopReason.PoweredOff(5), chassis.control.awaitStop());
        assertEquals(42, second.state().gpr[X86.RBX]);
        assertEquals("a model", second.resources().cpu());
        assertEquals(1, first.retired());
        assertEquals(0, first.open());
    }

    @Test
    void aProcessorThatNobodyElseHasStays() throws Exception {
        power(second);
        AcceleratorException refusal =
                assertThrows(AcceleratorException.class, () -> chassis.switchTo(first));
        assertTrue(refusal.getMessage().contains("--cpu common"), refusal::getMessage);
        assertEquals(0, first.open());
    }

    @Test
    void interruptControllersOfTheHostsKernelStayThere() throws Exception {
        power(first);
        first.bring(new KernelChip());
        AcceleratorException refusal =
                assertThrows(AcceleratorException.class, () -> chassis.switchTo(second));
        assertTrue(
                refusal.getMessage().contains("interrupt controllers are in the host's kernel"),
                refusal::getMessage);
        assertEquals(RunControl.State.RUNNING, chassis.control.state());
        assertEquals(0, second.open());
    }

    @Test
    void anEngineThatCanNotBeHadLeavesTheGuestWhereItIs() throws Exception {
        power(first);
        AcceleratorException refusal =
                assertThrows(AcceleratorException.class, () -> chassis.switchTo(new NoEngine()));
        assertEquals("There is none.", refusal.getMessage());
        assertEquals(RunControl.State.RUNNING, chassis.control.state());
        assertEquals(2, first.open());
    }

    @Test
    void anEngineThatCanNotTakeTheStateLeavesItWithTheFormerOne() throws Exception {
        power(first);
        int loads = first.loads();
        second.fail();
        assertThrows(AcceleratorException.class, () -> chassis.switchTo(second));
        assertEquals(loads + 1, first.loads());
        assertEquals(0, first.retired());
        assertEquals(RunControl.State.RUNNING, chassis.control.state());
        assertEquals(0, second.open());
    }

    @Test
    void aGuestThatHasStoppedIsNotMoved() throws Exception {
        power(first);
        chassis.control.stop(new StopReason.Requested());
        chassis.control.awaitStop();
        assertThrows(AcceleratorException.class, () -> chassis.switchTo(second));
        assertEquals(0, second.open());
    }

    @Test
    void aMachineThatIsClosedIsNotMoved() throws Exception {
        power(first);
        chassis.close();
        AcceleratorException refusal =
                assertThrows(AcceleratorException.class, () -> chassis.switchTo(new NoEngine()));
        assertEquals("The guest has stopped.", refusal.getMessage());
    }

    private static final class KernelChip implements IrqChip {
        @Override
        public IrqLine line(int gsi) {
            throw new AssertionError();
        }

        @Override
        public InterruptSource source(int vcpu) {
            return InterruptSource.NONE;
        }

        @Override
        public void onPending(PendingListener listener) {}

        @Override
        public void save(SnapshotWriter out) {}

        @Override
        public void restore(SnapshotReader in) {}
    }

    private static final class NoEngine implements AcceleratorProvider {
        @Override
        public String name() {
            return "none";
        }

        @Override
        public String description() {
            return "none";
        }

        @Override
        public Availability availability(GuestArchitecture guest) {
            return Availability.Available.AVAILABLE;
        }

        @Override
        public Accelerator create(VmResources resources) throws AcceleratorException {
            throw new AcceleratorException("There is none.");
        }
    }
}
