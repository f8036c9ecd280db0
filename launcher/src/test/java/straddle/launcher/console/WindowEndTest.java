package straddle.launcher.console;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import straddle.core.bus.MachineLock;
import straddle.devices.serial.Uart16550;
import straddle.host.Descriptor;
import straddle.host.HostTerminal;
import straddle.host.PseudoTerminal;
import straddle.machines.SerialPort;

/// A user's window, whose size a guest asks for.
@Timeout(60)
class WindowEndTest {
    private static final int DATA = 0;
    private static final int LSR = 5;
    private static final int LSR_DR = 1;

    private final MachineLock lock = new MachineLock();
    private PseudoTerminal user;
    private Descriptor screen;
    private WindowEnd end;
    private Uart16550 uart;

    @BeforeEach
    void plugIn() throws Exception {
        user = PseudoTerminal.open();
        user.resize(new HostTerminal.Size(132, 43));
        screen = Descriptor.open(user.path());
        end = new WindowEnd(Tty.of(screen.number()).orElseThrow());
        connect();
    }

    private void connect() {
        uart = new Uart16550(_ -> {}, end.output());
        end.connect(new SerialPort("COM2", lock, uart));
    }

    @AfterEach
    void unplug() {
        end.close();
        screen.close();
        user.close();
    }

    private void resize(int columns, int rows) throws Exception {
        user.resize(new HostTerminal.Size(columns, rows));
        String self = Long.toString(ProcessHandle.current().pid());
        assertEquals(0, new ProcessBuilder("kill", "-WINCH", self).start().waitFor());
    }

    private int register(int offset) {
        lock.lock();
        try {
            return uart.read(offset);
        } finally {
            lock.unlock();
        }
    }

    private void ask() {
        lock.lock();
        try {
            uart.write(DATA, '\n');
        } finally {
            lock.unlock();
        }
    }

    private String line() {
        StringBuilder line = new StringBuilder();
        while (line.isEmpty() || line.charAt(line.length() - 1) != '\n') {
            while ((register(LSR) & LSR_DR) == 0) {
                LockSupport.parkNanos(100_000);
            }
            line.append((char) register(DATA));
        }
        return line.toString();
    }

    @Test
    void whoAsksIsToldAndToldAgainWhenTheSizeChanges() throws Exception {
        ask();
        assertEquals("rows 43 columns 132\n", line());
        resize(80, 24);
        assertEquals("rows 24 columns 80\n", line());
    }

    @Test
    void whoDoesNotAskIsNotToldNorIsTheNextMachine() throws Exception {
        resize(80, 24);
        ask();
        assertEquals("rows 24 columns 80\n", line());
        end.disconnect();
        connect();
        resize(100, 50);
        assertEquals(0, register(LSR) & LSR_DR);
        ask();
        assertEquals("rows 50 columns 100\n", line());
    }
}
