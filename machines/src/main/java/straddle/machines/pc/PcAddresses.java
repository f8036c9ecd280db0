package straddle.machines.pc;

/// Every address and interrupt number of our PCs.
final class PcAddresses {
    /// RAM is contiguous up to here, the rest lies above 4 GiB: between them is room for devices.
    static final long LOW_RAM_END = 0xc000_0000L;

    static final long HIGH_RAM = 0x1_0000_0000L;

    static final int POST_CODE = 0x80;
    static final int DEBUG_CONSOLE = 0xe9;
    static final int DEBUG_EXIT = 0xf4;
    static final int DEBUG_EXIT_LENGTH = 4;
    static final int PHASES = 0x5a0;

    private PcAddresses() {}
}
