package straddle.devices.pci;

/// What the host bridge's memory attribute registers control: 13 segments from 0xc0000 on, twelve of 16 KiB
/// and, from 0xf0000, one of 64 KiB.
public interface ShadowControl {
    int SEGMENTS = 13;

    /// Controls nothing.
    ShadowControl NONE =
            new ShadowControl() {
                @Override
                public void shadow(int segment, boolean reads, boolean writes) {}

                @Override
                public void apply() {}
            };

    /// A segment's attributes: whether reads and writes reach RAM, or else the bus behind the bridge, where ROM is.
    void shadow(int segment, boolean reads, boolean writes);

    /// Called once all segments are told.
    void apply();
}
