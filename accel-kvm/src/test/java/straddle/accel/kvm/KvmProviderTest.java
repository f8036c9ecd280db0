package straddle.accel.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.Availability;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.VmResources;
import straddle.core.bus.MachineLock;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamBlock;
import straddle.core.time.VirtualClock;
import straddle.host.HostException;
import straddle.host.ProcessUsage;
import straddle.host.SharedMemory;
import straddle.linux.libc.Libc;

@EnabledOnOs(
        value = OS.LINUX,
        architectures = "amd64",
        disabledReason = "KVM is Linux's, and the engine is for x86-64")
class KvmProviderTest {

    private static Availability.Unavailable unavailable(String device, GuestArchitecture guest) {
        return assertInstanceOf(
                Availability.Unavailable.class,
                new KvmProvider(device, Path.of("no-cache")).availability(guest));
    }

    @Test
    void itIsInstalled() {
        assertTrue(
                AcceleratorProvider.installed().stream()
                        .anyMatch(each -> each.name().equals("kvm")));
    }

    @Test
    void aMissingDeviceIsExplained() {
        Availability.Unavailable why = unavailable("/dev/no-kvm", GuestArchitecture.X86_64);
        assertEquals("/dev/no-kvm does not exist", why.because());
        assertTrue(why.remedy().contains("kvm_intel or kvm_amd"), why::remedy);
    }

    @Test
    void aDeviceThatIsNotKvmIsExplained() {
        Availability.Unavailable why = unavailable("/dev/null", GuestArchitecture.X86_64);
        assertTrue(why.because().startsWith("/dev/null is not KVM: "), why::because);
        assertTrue(why.because().contains("KVM_GET_API_VERSION"), why::because);
    }

    @Test
    void aDeniedDeviceNamesTheGroupToJoin() {
        Availability.Unavailable why =
                KvmRefusal.ofDevice(
                        "/dev/null", new HostException("open(/dev/null)", Libc.EACCES(), ""));
        assertEquals("you may not open /dev/null", why.because());
        assertTrue(why.remedy().contains("sudo usermod -aG root $USER"), why::remedy);
    }

    @Test
    void aForeignGuestIsRefused() {
        Availability.Unavailable why = unavailable("/dev/kvm", GuestArchitecture.ARM);
        assertTrue(why.because().contains("own architecture"), why::because);
    }

    @Test
    void creatingOnAMissingDeviceSaysWhy() {
        MachineLock lock = new MachineLock();
        AcceleratorException e =
                assertThrows(
                        AcceleratorException.class,
                        () ->
                                new KvmProvider("/dev/no-kvm", Path.of("no-cache"))
                                        .create(resources(lock, new AddressSpace(lock))));
        assertTrue(e.getMessage().contains("/dev/no-kvm does not exist"), e::getMessage);
    }

    @Test
    void knownRefusalsSayWhatToDo() {
        String busy =
                KvmRefusal.of(new HostException("ioctl(KVM_CREATE_VM)", Libc.EBUSY(), ""))
                        .getMessage();
        assertTrue(busy.contains("Another hypervisor"), busy);
        String memory =
                KvmRefusal.of(new HostException("ioctl(KVM_RUN)", Libc.ENOMEM(), "")).getMessage();
        assertTrue(memory.contains("give the guest less"), memory);
        String overlap =
                KvmRefusal.of(
                                new HostException(
                                        "ioctl(KVM_SET_USER_MEMORY_REGION)", Libc.EEXIST(), ""))
                        .getMessage();
        assertTrue(overlap.contains("overlap"), overlap);
    }

    @Test
    @Tag("kvm")
    void aSlotThatTheHostRefusesIsTheNextUsesError() throws Exception {
        TestVm.assumeKvm();
        MachineLock lock = new MachineLock();
        AddressSpace memory = new AddressSpace(lock);
        try (Arena arena = Arena.ofShared()) {
            RamBlock block = RamBlock.allocate("ram", 8192, SharedMemory.RAM, arena);
            try (var accelerator =
                    (KvmAccelerator) new KvmProvider().create(resources(lock, memory))) {
                accelerator.vm().close();
                memory.mapRam(0, block);
                AcceleratorException e =
                        assertThrows(
                                AcceleratorException.class,
                                () -> accelerator.createVcpu(0, InterruptSource.NONE));
                assertTrue(e.getMessage().contains("KVM_SET_USER_MEMORY_REGION"), e::getMessage);
            }
        }
    }

    @Test
    @Tag("kvm")
    void aVcpuTwiceIsRefused() throws Exception {
        try (TestVm vm = TestVm.open()) {
            AcceleratorException e =
                    assertThrows(
                            AcceleratorException.class,
                            () -> vm.accelerator.createVcpu(0, InterruptSource.NONE));
            assertTrue(e.getMessage().contains("exists already"), e::getMessage);
        }
    }

    @Test
    @Tag("kvm")
    @Timeout(120)
    void aThousandVmsLeaveNothingBehind() throws Exception {
        TestVm.open().close();
        ProcessUsage before = ProcessUsage.now();
        for (int i = 0; i < 1000; i++) {
            TestVm.open().close();
        }
        ProcessUsage after = ProcessUsage.now();
        assertTrue(after.descriptors() < before.descriptors() + 10, () -> before + " → " + after);
        assertTrue(after.mappings() < before.mappings() + 100, () -> before + " → " + after);
    }

    private static VmResources resources(MachineLock lock, AddressSpace memory) {
        return new VmResources(
                GuestArchitecture.X86_64,
                memory,
                new PortBus(lock),
                new VirtualClock(System::nanoTime, lock),
                1,
                false);
    }
}
