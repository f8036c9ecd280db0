package straddle.linux.user;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import straddle.host.LinuxCall;

class KernelTest {
    /// A process of that number would be taken for the leader.
    @Test
    void numbersOfGroupsAndSessionsAreNotGiven() throws Exception {
        UserOptions options =
                new UserOptions(
                        "program",
                        List.of(),
                        List.of(),
                        "",
                        "",
                        "",
                        Processors.TCG,
                        true,
                        null,
                        null,
                        1 << 20);
        try (Kernel kernel = new Kernel(options)) {
            int first = LinuxCall.processId();
            GuestProcess process = new GuestProcess(kernel, first);
            process.group = first + 1;
            process.session = first + 3;
            kernel.processes.put(first, process);
            assertEquals(first + 2, kernel.nextId());
            assertEquals(first + 4, kernel.nextId());
        }
    }
}
