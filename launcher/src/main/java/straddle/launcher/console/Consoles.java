package straddle.launcher.console;

import java.util.List;
import straddle.core.vcpu.StopReason;
import straddle.devices.ByteSink;
import straddle.launcher.monitor.Monitor;
import straddle.launcher.session.Session;
import straddle.machines.Machine;

/// All that a session shows to people and programs: the far ends of the guest's serial lines, and the monitor.
public final class Consoles implements Session.Attendant, AutoCloseable {
    private final Monitor monitor;
    private List<SerialEnd> ends = List.of();
    private List<AutoCloseable> doors = List.of();
    private Runnable onFirstMachine = () -> {};
    private volatile Machine machine;

    /// None yet but the monitor.
    ///
    /// @param version Straddle's, in a line
    public Consoles(String version) {
        monitor = new Monitor(version, this::quit);
    }

    public Monitor monitor() {
        return monitor;
    }

    /// Sets what is connected. Before the session.
    ///
    /// @param serial for COM1, COM2, ...
    /// @param monitorDoors the monitor's other ways in, to be closed in the end
    public void open(List<SerialEnd> serial, List<AutoCloseable> monitorDoors) {
        ends = List.copyOf(serial);
        doors = List.copyOf(monitorDoors);
    }

    /// Has `action` called once, when there is a machine to talk about. Before the session.
    public void onFirstMachine(Runnable action) {
        onFirstMachine = action;
    }

    /// Takes what the guest sends: one for each serial port that it is to have.
    public List<ByteSink> outputs() {
        return ends.stream().map(SerialEnd::output).toList();
    }

    @Override
    public void begins(Machine next) {
        machine = next;
        monitor.attach(next);
        for (int i = 0; i < Math.min(ends.size(), next.serialPorts().size()); i++) {
            ends.get(i).connect(next.serialPorts().get(i));
        }
        onFirstMachine.run();
        onFirstMachine = () -> {};
    }

    @Override
    public void ended(Machine last, StopReason reason) {
        machine = null;
        ends.forEach(SerialEnd::disconnect);
        monitor.detach();
    }

    /// Pulls the plug: the guest ends at once, and the process with exit code 0. Any thread.
    public void quit() {
        abandon();
        Machine running = machine;
        if (running != null) {
            running.control().stop(new StopReason.PoweredOff(0));
        }
    }

    /// The session ends: nobody may wait for a reader any more. Any thread.
    public void abandon() {
        ends.forEach(SerialEnd::abandon);
    }

    /// Whether whoever read the guest's output went away.
    public boolean readerGone() {
        return ends.stream().anyMatch(SerialEnd::readerGone);
    }

    /// Writes what is left, as far as its readers take it soon, and gives the terminal back.
    @Override
    public void close() {
        machine = null;
        monitor.detach();
        ends.forEach(SerialEnd::close);
        for (AutoCloseable door : doors) {
            try {
                door.close();
            } catch (Exception _) {
                // It was not needed any more.
            }
        }
    }
}
