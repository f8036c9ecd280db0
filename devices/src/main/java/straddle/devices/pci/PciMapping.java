package straddle.devices.pci;

/// A register block where it lies now.
record PciMapping(long address, Runnable removal) {
    void remove() {
        removal.run();
    }
}
