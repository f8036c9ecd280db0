package straddle.tcg;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.NoSuchCpuException;
import straddle.core.accel.VmResources;
import straddle.core.bus.MachineLock;
import straddle.core.bus.PortBus;
import straddle.core.memory.AddressSpace;
import straddle.core.time.VirtualClock;

class TcgProviderTest {
    @ParameterizedTest
    @ValueSource(strings = {"x86-64-v9", "max,+3dnow", "max,avx"})
    void aProcessorThatIsNoneIsToldFromTroubleWithTheHost(String cpu) {
        MachineLock lock = new MachineLock();
        VmResources resources =
                new VmResources(
                        GuestArchitecture.X86_64,
                        new AddressSpace(lock),
                        new PortBus(lock),
                        new VirtualClock(System::nanoTime, lock),
                        1,
                        false,
                        cpu);

        NoSuchCpuException e =
                assertThrows(NoSuchCpuException.class, () -> new TcgProvider().create(resources));

        assertTrue(e.getMessage().contains("--cpu"), e::getMessage);
    }
}
