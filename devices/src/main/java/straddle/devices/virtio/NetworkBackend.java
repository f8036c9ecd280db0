package straddle.devices.virtio;

import java.util.function.Consumer;

/// What a network card is plugged into.
///
/// A frame is an Ethernet one of 14 to 65,535 bytes, without its check sequence. Called under the machine lock, so it must not block.
@FunctionalInterface
public interface NetworkBackend {
    /// A cable that ends nowhere.
    NetworkBackend NOWHERE = (_, _) -> {};

    /// A plug whose every frame comes back.
    NetworkBackend LOOPBACK = (frame, card) -> card.accept(frame);

    /// The guest sends a frame.
    ///
    /// @param card where frames for the guest go, now or later, under the machine lock; it drops what the guest has no buffer for
    void send(byte[] frame, Consumer<byte[]> card);
}
