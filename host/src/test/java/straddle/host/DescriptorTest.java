package straddle.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import straddle.linux.libc.Libc;

@EnabledOnOs(value = OS.LINUX, disabledReason = "the host's calls are Linux's")
class DescriptorTest {

    @Test
    void aMissingFileNamesTheCallAndTheError() {
        HostException missing =
                assertThrows(HostException.class, () -> Descriptor.open("/no/such/device"));
        assertEquals(Libc.ENOENT(), missing.errno());
        assertEquals(
                "open(/no/such/device) failed: no such file (ENOENT, 2).", missing.getMessage());
    }

    @Test
    void anUnknownRequestIsRefusedWithItsName() throws HostException {
        try (Descriptor none = Descriptor.open("/dev/null")) {
            assertEquals(-Libc.ENOTTY(), none.ioctl(0xae00, 0));
            HostException refused =
                    assertThrows(
                            HostException.class,
                            () -> none.ioctl("KVM_GET_API_VERSION", 0xae00, 0));
            assertTrue(
                    refused.getMessage().startsWith("ioctl(KVM_GET_API_VERSION) failed: "),
                    refused::getMessage);
        }
    }

    @Test
    void closingTwiceClosesOnce() throws HostException {
        Descriptor first = Descriptor.open("/dev/null");
        first.close();
        try (Descriptor second = Descriptor.open("/dev/null")) {
            assertEquals(first.number(), second.number());
            first.close();
            assertEquals(-Libc.ENOTTY(), second.ioctl(0xae00, 0));
        }
    }

    @Test
    void anEventFdCountsItsSignals() throws HostException {
        try (EventFd event = EventFd.create()) {
            assertFalse(event.await(0));
            assertEquals(0, event.take());
            event.signal();
            event.signal();
            assertTrue(event.await(1000));
            assertEquals(2, event.take());
            assertFalse(event.await(0));
        }
    }
}
