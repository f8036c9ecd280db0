package straddle.accel.kvm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.Availability;
import straddle.host.HostException;
import straddle.linux.libc.Libc;

/// What a user can do when KVM refuses.
final class KvmRefusal {
    private static final int EEXIST = Libc.EEXIST();

    private KvmRefusal() {}

    /// Why the device could not be opened, as `straddle accel` shows it.
    static Availability.Unavailable ofDevice(String path, HostException e) {
        if (e.errno() == Libc.ENOENT()) {
            return new Availability.Unavailable(
                    path + " does not exist",
                    "Load the kvm_intel or kvm_amd module and switch virtualization on in the firmware; inside a VM, have nested virtualization enabled.");
        }
        if (e.errno() == Libc.EACCES() || e.errno() == Libc.EPERM()) {
            String group = groupOf(path);
            return new Availability.Unavailable(
                    "you may not open " + path,
                    "It belongs to the group %s: run `sudo usermod -aG %s $USER` and log in again."
                            .formatted(group, group));
        }
        if (e.errno() == Libc.ENODEV() || e.errno() == Libc.ENXIO()) {
            return new Availability.Unavailable(
                    path + " has no driver behind it", "Load the kvm_intel or kvm_amd module.");
        }
        return new Availability.Unavailable(path + " is not KVM: " + e.getMessage(), "");
    }

    /// A failed call on a VM, with what to do where that is known.
    static AcceleratorException of(HostException e) {
        String remedy = remedy(e);
        return new AcceleratorException(
                remedy.isEmpty() ? e.getMessage() : e.getMessage() + " " + remedy, e);
    }

    private static String remedy(HostException e) {
        if (e.errno() == Libc.ENOMEM()) {
            return "Free memory on the host, or give the guest less.";
        }
        if (e.errno() == Libc.EBUSY() && e.call().contains("KVM_CREATE_VM")) {
            return "Another hypervisor holds the processor's virtualization: end its VMs.";
        }
        if (e.errno() == EEXIST && e.call().contains("KVM_SET_USER_MEMORY_REGION")) {
            return "Two regions of the machine's memory map overlap, which is our mistake: please report it.";
        }
        if (e.errno() == EEXIST && e.call().contains("KVM_CREATE_VCPU")) {
            return "This vCPU exists already.";
        }
        return "";
    }

    private static String groupOf(String path) {
        try {
            return Files.readAttributes(Path.of(path), PosixFileAttributes.class).group().getName();
        } catch (IOException | UnsupportedOperationException _) {
            return "kvm";
        }
    }
}
