package straddle.linux.user;

import static org.junit.jupiter.api.Assertions.assertFalse;

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
            int last = kernel.nextId();
            GuestProcess process = new GuestProcess(kernel, LinuxCall.processId());
            process.group = last + 1;
            process.session = last + 3;
            kernel.processes.put(process.pid, process);
            List<Integer> next = List.of(kernel.nextId(), kernel.nextId(), kernel.nextId());
            assertFalse(next.contains(process.group) || next.contains(process.session));
        }
    }
}
