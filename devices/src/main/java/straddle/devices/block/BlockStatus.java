package straddle.devices.block;

/// How a request to a [BlockBackend] ended: what a device turns into its own status or error register.
public enum BlockStatus {
    OK,

    /// The host failed: the medium does, its file system is full, somebody has cut the file off.
    IO_ERROR,

    /// A write to what can only be read.
    READ_ONLY,

    /// Not whole sectors, or sectors that the disk does not have.
    OUT_OF_RANGE;

    public boolean isOk() {
        return this == OK;
    }
}
