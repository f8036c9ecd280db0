package straddle.machines.pc;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import straddle.core.irq.IrqLine;
import straddle.devices.ByteSink;
import straddle.devices.irq.SharedLine;
import straddle.devices.serial.Uart16550;
import straddle.machines.SerialPort;
import straddle.machines.chassis.Chassis;

/// COM1 to COM4 on a board.
final class PcSerialPorts {
    private PcSerialPorts() {}

    /// Puts a port on the board for each sink.
    ///
    /// @param lines the interrupt controllers' inputs, by number
    static List<SerialPort> map(Chassis chassis, IntFunction<IrqLine> lines, List<ByteSink> sinks) {
        Map<Integer, SharedLine> shared = new HashMap<>();
        List<SerialPort> ports = new ArrayList<>();
        for (int i = 0; i < sinks.size(); i++) {
            String name = "COM" + (i + 1);
            IrqLine line =
                    shared.computeIfAbsent(
                                    PcAddresses.COM_IRQS.get(i),
                                    irq -> new SharedLine(lines.apply(irq)))
                            .driver();
            Uart16550 uart = chassis.add("com" + (i + 1), new Uart16550(line, sinks.get(i)));
            chassis.ports.map(name, PcAddresses.COM_PORTS.get(i), Uart16550.LENGTH, uart);
            ports.add(new SerialPort(name, chassis.lock, uart));
        }
        return List.copyOf(ports);
    }
}
