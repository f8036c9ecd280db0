package straddle.devices.virtio;

/// A request of the driver's: a chain of descriptors, all of them within guest RAM.
///
/// @param head what the device gives back when it is done
/// @param readable what the driver gives the device
/// @param writable where the device answers
record Chain(int head, GuestBuffer readable, GuestBuffer writable) {}
