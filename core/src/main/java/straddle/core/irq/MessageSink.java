package straddle.core.irq;

/// Where message-signalled interrupts go: the memory writes by which PCI devices interrupt without a line. Called under the machine lock.
@FunctionalInterface
public interface MessageSink {
    /// @param address what the guest told the device to write to; on a PC it names the processor (SDM volume 3, 12.11.1)
    /// @param data what to write; on a PC its low byte is the vector
    void message(long address, int data);
}
