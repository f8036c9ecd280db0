package straddle.devices.ide;

import java.util.Objects;
import straddle.core.bus.IoDevice;
import straddle.core.irq.IrqLine;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.snapshot.Snapshotable;

/// One IDE channel: two drives behind a block of command registers, one of control registers, and an interrupt.
/// A drive that is not there reads as zeros.
final class IdeChannel implements Snapshotable {
    static final int DATA = 0;
    static final int ERROR_FEATURE = 1;
    static final int COUNT = 2;
    static final int LBA_LOW = 3;
    static final int LBA_MID = 4;
    static final int LBA_HIGH = 5;
    static final int DEVICE = 6;
    static final int STATUS_COMMAND = 7;

    static final int CONTROL_NIEN = 1 << 1;
    static final int CONTROL_SRST = 1 << 2;
    private static final int CONTROL_HOB = 1 << 7;
    private static final int DEVICE_SECOND = 1 << 4;
    private static final int DRIVES = 2;

    private static final int EXECUTE_DIAGNOSTIC = 0x90;
    private static final int DEVICE_RESET = 0x08;

    private final IrqLine irq;
    private final BusMaster master;
    private final BlockRequests requests;
    private final IdeDrive[] drives = new IdeDrive[DRIVES];
    private int selected;
    private int control;

    IdeChannel(IrqLine irq, BusMaster master, BlockRequests requests) {
        this.irq = Objects.requireNonNull(irq);
        this.master = Objects.requireNonNull(master);
        this.requests = Objects.requireNonNull(requests);
        master.listen(this::startDma, this::stopDma);
    }

    BusMaster master() {
        return master;
    }

    BlockRequests requests() {
        return requests;
    }

    /// @throws IllegalArgumentException if there is a drive
    void attach(int number, IdeDrive drive) {
        if (drives[number] != null) {
            throw new IllegalArgumentException("IDE drive " + number + " of the channel is taken");
        }
        drives[number] = drive;
        drive.connect(this);
        drive.reset();
        drive.setNumber(number);
    }

    void reset() {
        requests.drain();
        selected = 0;
        control = 0;
        master.reset();
        resetDrives();
    }

    private void resetDrives() {
        selected = 0;
        for (int i = 0; i < DRIVES; i++) {
            if (drives[i] != null) {
                drives[i].reset();
                drives[i].setNumber(i);
            }
        }
        drive();
    }

    /// Sets the interrupt line to what the selected drive says.
    private void drive() {
        IdeDrive now = drives[selected];
        irq.set(now != null && now.isInterrupting() && (control & CONTROL_NIEN) == 0);
    }

    /// The selected drive interrupts.
    void interrupt() {
        if ((control & CONTROL_NIEN) == 0) {
            master.noteInterrupt();
        }
        drive();
    }

    /// A drive waits for the bus master, or the guest has started it: goes on if both are so.
    void startDma() {
        for (IdeDrive each : drives) {
            boolean toMemory = each != null && each.awaitsDma(true);
            if (each != null && each.awaitsDma(toMemory) && master.isReady(toMemory)) {
                each.moveByDma(master);
                return;
            }
        }
    }

    private void stopDma() {
        requests.drain();
        for (IdeDrive each : drives) {
            if (each != null) {
                each.dmaStopped();
            }
        }
    }

    /// The command block registers.
    IoDevice commandBlock() {
        return new IoDevice() {
            @Override
            public int widths() {
                return 1 | 2 | 4;
            }

            @Override
            public long read(int offset, int width) {
                return offset == DATA ? readData(width) : readCommand(offset);
            }

            @Override
            public void write(int offset, int width, long value) {
                if (offset == DATA) {
                    writeData(width, value);
                } else {
                    writeCommand(offset, (int) value & 0xff);
                }
            }
        };
    }

    /// The device control register, which reads as the alternate status.
    IoDevice controlBlock() {
        return new IoDevice() {
            @Override
            public long read(int offset, int width) {
                IdeDrive now = drives[selected];
                return now == null ? 0 : now.status();
            }

            @Override
            public void write(int offset, int width, long value) {
                writeControl((int) value & 0xff);
            }
        };
    }

    private long readData(int width) {
        IdeDrive now = drives[selected];
        long value = now == null ? 0 : now.readData(width);
        drive();
        return value;
    }

    private void writeData(int width, long value) {
        IdeDrive now = drives[selected];
        if (now != null) {
            now.writeData(width, value);
        }
    }

    private int readCommand(int offset) {
        IdeDrive now = drives[selected];
        if (now == null) {
            return 0;
        }
        return switch (offset) {
            case ERROR_FEATURE -> now.readError();
            case DEVICE -> now.readDevice();
            case STATUS_COMMAND -> {
                now.acknowledge();
                drive();
                yield now.status();
            }
            default -> now.readRegister(offset, (control & CONTROL_HOB) != 0);
        };
    }

    private void writeCommand(int offset, int value) {
        control &= ~CONTROL_HOB;
        IdeDrive now = drives[selected];
        boolean busy = now != null && now.isBusy();
        switch (offset) {
            case DEVICE -> {
                for (int i = 0; i < DRIVES; i++) {
                    if (drives[i] != null && !drives[i].isBusy()) {
                        drives[i].writeDevice(value);
                    }
                }
                selected = (value & DEVICE_SECOND) != 0 ? 1 : 0;
                drive();
            }
            case STATUS_COMMAND -> command(value, now, busy);
            default -> {
                for (IdeDrive each : drives) {
                    if (each != null && !each.isBusy()) {
                        each.writeRegister(offset, value);
                    }
                }
            }
        }
    }

    private void command(int value, IdeDrive now, boolean busy) {
        if (value == EXECUTE_DIAGNOSTIC && !busy && (drives[0] != null || drives[1] != null)) {
            resetDrives();
            if (drives[0] != null) {
                drives[0].interrupt();
            }
        } else if (now != null && value == DEVICE_RESET) {
            requests.drain();
            now.command(value);
            drive();
        } else if (now != null && !busy) {
            now.command(value);
            drive();
        }
    }

    private void writeControl(int value) {
        boolean begins = (value & ~control & CONTROL_SRST) != 0;
        boolean ends = (control & ~value & CONTROL_SRST) != 0;
        control = value & (CONTROL_NIEN | CONTROL_SRST | CONTROL_HOB);
        if (begins) {
            requests.drain();
            for (IdeDrive each : drives) {
                if (each != null) {
                    each.beginReset();
                }
            }
        } else if (ends) {
            resetDrives();
        }
        drive();
    }

    @Override
    public void save(SnapshotWriter out) {
        requests.drain();
        out.putInt("selected", selected);
        out.putInt("control", control);
        out.putSection("master", 1, master);
        for (int i = 0; i < DRIVES; i++) {
            if (drives[i] != null) {
                out.putSection("drive" + i, 1, drives[i]);
            }
        }
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        requests.drain();
        selected = in.getInt("selected", 0, DRIVES - 1);
        control = in.getInt("control", 0, 0xff) & (CONTROL_NIEN | CONTROL_SRST | CONTROL_HOB);
        master.restore(in.section("master"));
        for (int i = 0; i < DRIVES; i++) {
            if (drives[i] != null) {
                drives[i].restore(in.section("drive" + i));
            }
        }
        drive();
    }
}
