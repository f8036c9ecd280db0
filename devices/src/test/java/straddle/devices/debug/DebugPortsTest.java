package straddle.devices.debug;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import straddle.devices.contract.DeviceContract;

class DebugPortsTest {
    private final List<Integer> told = new ArrayList<>();

    @Test
    void zeroMeansSuccess() {
        new DebugExit(told::add).write(0, 4, 0);
        assertEquals(List.of(0), told);
    }

    @Test
    void anExitCodeBeyondAProcesssBecomesTheLargest() {
        DebugExit port = new DebugExit(told::add);
        port.write(0, 1, 0x21);
        port.write(0, 4, 0xffff_ff00L);
        assertEquals(List.of(0x21, 255), told);
    }

    @Test
    void theConsoleSaysThatItIsThereAndPassesBytesOn() {
        DebugConsole console = new DebugConsole(told::add);
        console.write(0, 'x');
        assertEquals(0xe9, console.read(0));
        assertEquals(List.of((int) 'x'), told);
    }

    @Test
    void thePostCodeIsRemembered() {
        PostCode port = new PostCode();
        port.write(0, 0x55);
        assertEquals(0x55, port.last());
    }

    @Nested
    class PostCodeContract implements DeviceContract {
        @Override
        public Subject subject() {
            PostCode port = new PostCode();
            return new Subject(port, List.of(new Registers(port, 1)), () -> port.write(0, 1));
        }
    }
}
