package straddle.devices.ide;

import java.util.List;
import java.util.Objects;
import straddle.core.bus.IoDevice;
import straddle.core.irq.IrqLine;
import straddle.core.memory.AddressSpace;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.pci.PciFunction;

/// The IDE function of the 82371SB, PIIX3 (Intel datasheet, order 290550, April 1997, 2.3 and 2.6): two channels at
/// their legacy ports, and a bus master for each.
///
/// The timing registers are stored without effect, and a channel answers whether its decode is enabled or not. Each channel
/// executes one command at a time, whichever of its drives has it.
public final class Piix3Ide extends PciFunction {
    /// Channels, and drives on each.
    public static final int CHANNELS = 2;

    public static final int DRIVES = 2;

    /// Bytes of port space of a channel's command registers.
    public static final int COMMAND_LENGTH = 8;

    private static final int BUS_MASTER_BAR = 4;
    private static final int BUS_MASTER_BYTES = 16;
    private static final int IDETIM = 0x40;
    private static final long IDETIM_DECODE = 0x8000_8000L;
    private static final int SIDETIM = 0x44;

    private final List<IdeChannel> channels;

    /// @param irqs of the two channels: 14 and 15
    /// @param requests of each channel's drives
    public Piix3Ide(AddressSpace memory, List<IrqLine> irqs, List<BlockRequests> requests) {
        super("PIIX3 IDE", new Identity(0x8086, 0x7010, 0, 0x01_0180));
        Objects.requireNonNull(memory);
        channels =
                List.of(
                        channel(memory, irqs.get(0), requests.get(0)),
                        channel(memory, irqs.get(1), requests.get(1)));
        allowWrites(COMMAND, 2, COMMAND_IO | COMMAND_MASTER);
        preset(STATUS, 2, 0x0280);
        allowWrites(IDETIM, 4, 0xffff_ffffL);
        allowWrites(SIDETIM, 1, 0xff);
        addBar(BUS_MASTER_BAR, true, BUS_MASTER_BYTES, busMasters());
    }

    private IdeChannel channel(AddressSpace memory, IrqLine irq, BlockRequests requests) {
        return new IdeChannel(
                irq, new BusMaster(memory, () -> hasCommand(COMMAND_MASTER)), requests);
    }

    /// Firmware's part, where there is none: the guest finds both channels enabled.
    public void enableChannels() {
        preset(IDETIM, 4, IDETIM_DECODE);
        preset(COMMAND, 2, COMMAND_IO | COMMAND_MASTER);
    }

    /// Connects a drive, before the machine starts.
    ///
    /// @throws IllegalArgumentException if its place is taken
    public void attach(int channel, int number, IdeDrive drive) {
        channels.get(channel).attach(number, drive);
    }

    /// A channel's command registers.
    public IoDevice commandBlock(int channel) {
        return channels.get(channel).commandBlock();
    }

    /// A channel's device control register.
    public IoDevice controlBlock(int channel) {
        return channels.get(channel).controlBlock();
    }

    private IoDevice busMasters() {
        return new IoDevice() {
            @Override
            public int widths() {
                return 1 | 2 | 4;
            }

            @Override
            public long read(int offset, int width) {
                long value = 0;
                for (int i = 0; i < width; i++) {
                    int at = offset + i;
                    BusMaster master = channels.get(at / BusMaster.LENGTH % CHANNELS).master();
                    value |= (long) master.readByte(at % BusMaster.LENGTH) << 8 * i;
                }
                return value;
            }

            @Override
            public void write(int offset, int width, long value) {
                for (int i = 0; i < width; i++) {
                    int at = offset + i;
                    BusMaster master = channels.get(at / BusMaster.LENGTH % CHANNELS).master();
                    master.writeByte(at % BusMaster.LENGTH, (int) (value >>> 8 * i) & 0xff);
                }
            }
        };
    }

    @Override
    public void reset() {
        super.reset();
        channels.forEach(IdeChannel::reset);
    }

    @Override
    public void save(SnapshotWriter out) {
        super.save(out);
        for (int i = 0; i < CHANNELS; i++) {
            out.putSection("channel" + i, 1, channels.get(i));
        }
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        super.restore(in);
        for (int i = 0; i < CHANNELS; i++) {
            channels.get(i).restore(in.section("channel" + i));
        }
    }
}
