package straddle.machines;

import straddle.core.bus.MachineLock;
import straddle.devices.serial.Uart16550;

/// The far end of a machine's serial line: what a user or a program types goes in here. Any thread but a vCPU's.
///
/// It sends no faster than the guest reads, so that nothing is lost and little waits.
/// Lock order: the machine lock → this object's monitor.
public final class SerialPort {
    private static final int MOST_WAITING = 64;

    private final String name;
    private final MachineLock lock;
    private final Uart16550 uart;
    private boolean drained = true;
    private boolean disconnected;

    /// @param name as the guest's user knows it: `COM1`
    public SerialPort(String name, MachineLock lock, Uart16550 uart) {
        this.name = name;
        this.lock = lock;
        this.uart = uart;
        uart.onWireEmpty(this::wake);
    }

    public String name() {
        return name;
    }

    /// Sends bytes, and waits while the guest does not take them.
    ///
    /// @return how many were sent: all, unless [#disconnect()] came between
    public int send(byte[] bytes, int offset, int length) throws InterruptedException {
        int sent = 0;
        while (sent < length) {
            sent += sendSome(bytes, offset + sent, length - sent);
            if (sent < length && !awaitRoom()) {
                break;
            }
        }
        return sent;
    }

    private int sendSome(byte[] bytes, int offset, int length) {
        lock.lock();
        try {
            int count = Math.min(length, Math.max(0, MOST_WAITING - uart.waiting()));
            for (int i = 0; i < count; i++) {
                uart.receive(bytes[offset + i]);
            }
            note(uart.waiting() == 0);
            return count;
        } finally {
            lock.unlock();
        }
    }

    /// Sends a break, which some guests take as a call for attention (Linux: the next key is a SysRq).
    public void sendBreak() {
        lock.lock();
        try {
            uart.receiveBreak();
        } finally {
            lock.unlock();
        }
    }

    /// The sink that this port's guest sends to is ready again.
    public void outputReady() {
        lock.lock();
        try {
            uart.transmitterReady();
        } finally {
            lock.unlock();
        }
    }

    /// Ends the wait of whoever sends: the machine goes away.
    public synchronized void disconnect() {
        disconnected = true;
        notifyAll();
    }

    private void wake() {
        note(true);
    }

    private synchronized void note(boolean nowDrained) {
        drained = nowDrained;
        notifyAll();
    }

    /// @return whether the port is still connected
    private synchronized boolean awaitRoom() throws InterruptedException {
        while (!disconnected && !drained) {
            wait();
        }
        return !disconnected;
    }
}
