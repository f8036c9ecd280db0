package straddle.devices.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import straddle.core.bus.ByteDevice;
import straddle.core.irq.IrqLine;
import straddle.devices.contract.DeviceContract;
import straddle.devices.contract.TestLine;

class I8042Test implements DeviceContract {
    private static final int KEY_A = 0x1e;
    private static final int KEY_UP = 0xe048;

    private final TestLine irq1 = new TestLine();
    private final TestLine irq12 = new TestLine();
    private final List<Integer> leds = new ArrayList<>();
    private int resets;
    private int gateChanges;
    private final SystemControlA gate = new SystemControlA(() -> gateChanges++, () -> resets++);
    private final Ps2Keyboard keyboard = new Ps2Keyboard(leds::add);
    private final Ps2Mouse mouse = new Ps2Mouse();
    private final I8042 chip = new I8042(irq1, irq12, gate, () -> resets++, keyboard, mouse);
    private final ByteDevice data = chip.data();
    private final ByteDevice command = chip.command();

    @Override
    public Subject subject() {
        SystemControlA a20 = new SystemControlA(() -> {}, () -> {});
        I8042 device =
                new I8042(
                        IrqLine.UNCONNECTED,
                        IrqLine.UNCONNECTED,
                        a20,
                        () -> {},
                        new Ps2Keyboard(_ -> {}),
                        new Ps2Mouse());
        return new Subject(
                device,
                List.of(new Registers(device.data(), 1), new Registers(device.command(), 1)),
                () -> device.keyboard().key(KEY_A, true));
    }

    @Nested
    class SystemControlContract implements DeviceContract {
        @Override
        public Subject subject() {
            SystemControlA device = new SystemControlA(() -> {}, () -> {});
            return new Subject(device, List.of(new Registers(device, 1)), () -> device.write(0, 0));
        }
    }

    private void commandWith(int value, int argument) {
        command.write(0, value);
        data.write(0, argument);
    }

    /// All that waits.
    private List<Integer> drain() {
        List<Integer> bytes = new ArrayList<>();
        while ((command.read(0) & I8042.STATUS_OBF) != 0) {
            bytes.add(data.read(0));
        }
        return bytes;
    }

    private List<Integer> toKeyboard(int... bytes) {
        List<Integer> answers = new ArrayList<>();
        for (int each : bytes) {
            data.write(0, each);
            answers.addAll(drain());
        }
        return answers;
    }

    private List<Integer> toMouse(int... bytes) {
        List<Integer> answers = new ArrayList<>();
        for (int each : bytes) {
            commandWith(0xd4, each);
            answers.addAll(drain());
        }
        return answers;
    }

    @Test
    void theControllerTestsItself() {
        command.write(0, 0xaa);
        assertEquals(List.of(0x55), drain());
        command.write(0, 0xab);
        assertEquals(List.of(0), drain());
        command.write(0, 0xa9);
        assertEquals(List.of(0), drain());
    }

    @Test
    void aKeyInterruptsAndItsCodeIsTranslated() {
        keyboard.key(KEY_A, true);
        assertTrue(irq1.isHigh());
        assertEquals(0x15, command.read(0) & 0x15);
        assertEquals(KEY_A, data.read(0));
        assertFalse(irq1.isHigh());
        keyboard.key(KEY_A, false);
        assertEquals(List.of(KEY_A | 0x80), drain());
        keyboard.key(KEY_UP, true);
        keyboard.key(KEY_UP, false);
        assertEquals(List.of(0xe0, 0x48, 0xe0, 0xc8), drain());
    }

    @Test
    void eachByteOfAKeyIsAnEdge() {
        keyboard.key(KEY_UP, true);
        assertEquals(1, irq1.rises());
        data.read(0);
        assertEquals(2, irq1.rises());
    }

    @Test
    void withoutTranslationSetTwoComesThrough() {
        commandWith(0x60, 0x05);
        keyboard.key(KEY_A, true);
        keyboard.key(KEY_A, false);
        keyboard.key(KEY_UP, false);
        assertEquals(List.of(0x1c, 0xf0, 0x1c, 0xe0, 0xf0, 0x75), drain());
        assertEquals(List.of(0xfa, 0xfa), toKeyboard(0xf0, 1));
        keyboard.key(KEY_A, false);
        assertEquals(List.of(KEY_A | 0x80), drain());
        assertEquals(List.of(0xfa, 0xfa, 1), toKeyboard(0xf0, 0));
        assertEquals(List.of(0xfa, 0xfe), toKeyboard(0xf0, 3));
    }

    @Test
    void everyKeyOfSetOneIsItselfAfterTranslation() {
        for (int key = 1; key < 0x80; key++) {
            keyboard.key(key, true);
            assertEquals(List.of(key), drain());
        }
    }

    @Test
    void theKeyboardAnswersItsCommands() {
        assertEquals(List.of(0xfa, 0xaa), toKeyboard(0xff));
        assertEquals(List.of(0xfa, 0xab, 0x41), toKeyboard(0xf2));
        assertEquals(List.of(0xee), toKeyboard(0xee));
        assertEquals(List.of(0xee), toKeyboard(0xfe));
        assertEquals(List.of(0xfa, 0xfa), toKeyboard(0xed, 5));
        assertEquals(List.of(5), leds);
        assertEquals(List.of(0xfe), toKeyboard(0x01));
    }

    @Test
    void aDisabledKeyboardIsSilent() {
        assertEquals(List.of(0xfa), toKeyboard(0xf5));
        keyboard.key(KEY_A, true);
        assertEquals(List.of(), drain());
        assertEquals(List.of(0xfa), toKeyboard(0xf4));
        command.write(0, 0xad);
        keyboard.key(KEY_A, true);
        assertEquals(List.of(), drain());
        command.write(0, 0xae);
        assertEquals(List.of(KEY_A), drain());
    }

    @Test
    void aGuestThatNeverReadsLosesKeysButNoAnswers() {
        for (int i = 0; i < 1000; i++) {
            keyboard.key(KEY_A, true);
        }
        data.write(0, 0xf2);
        List<Integer> bytes = drain();
        assertEquals(List.of(0xfa, 0xab, 0x41), bytes.subList(bytes.size() - 3, bytes.size()));
    }

    @Test
    void theMouseReportsMovesThatAddUp() {
        commandWith(0x60, 0x47);
        assertEquals(List.of(0xfa, 0xaa, 0), toMouse(0xff));
        mouse.move(1, 1, 0, 0);
        assertEquals(List.of(), drain());
        assertEquals(List.of(0xfa), toMouse(0xf4));
        mouse.move(3, -2, 0, Ps2Mouse.LEFT);
        assertTrue(irq12.isHigh());
        assertEquals(I8042.STATUS_AUX_OBF, command.read(0) & I8042.STATUS_AUX_OBF);
        mouse.move(300, 0, 0, 0);
        assertEquals(List.of(0x29, 3, 0xfe, 8, 255, 0, 8, 45, 0), drain());
    }

    @Test
    void theWheelAndTheSideButtonsComeAfterTheirKnocks() {
        toMouse(0xf3, 200, 0xf3, 100, 0xf3, 80);
        assertEquals(List.of(0xfa, 3), toMouse(0xf2));
        toMouse(0xf4);
        mouse.move(0, 0, -1, 0);
        assertEquals(List.of(8, 0, 0, 0xff), drain());
        toMouse(0xf3, 200, 0xf3, 200, 0xf3, 80);
        assertEquals(List.of(0xfa, 4), toMouse(0xf2));
        mouse.move(0, 0, 1, Ps2Mouse.SIDE);
        assertEquals(List.of(8, 0, 0, 0x11), drain());
    }

    @Test
    void theMouseTellsItsStatus() {
        toMouse(0xe8, 3, 0xf3, 40, 0xf4, 0xe7);
        assertEquals(List.of(0xfa, 0x30, 3, 40), toMouse(0xe9));
        toMouse(0xf0);
        mouse.move(1, 0, 0, 0);
        assertEquals(List.of(), drain());
        assertEquals(List.of(0xfa, 8, 1, 0), toMouse(0xeb));
    }

    @Test
    void theGateHasTwoHandles() {
        command.write(0, 0xdd);
        assertFalse(gate.isOpen());
        assertEquals(0, gate.read(0));
        gate.write(0, 2);
        command.write(0, 0xd0);
        assertEquals(List.of(0xcf), drain());
        commandWith(0xd1, 0xdd);
        assertFalse(gate.isOpen());
        assertEquals(3, gateChanges);
    }

    @Test
    void theResetLineHasThreeHandles() {
        command.write(0, 0xfe);
        assertEquals(1, resets);
        command.write(0, 0xff);
        assertEquals(1, resets);
        commandWith(0xd1, 0x02);
        assertEquals(2, resets);
        gate.write(0, 3);
        gate.write(0, 3);
        assertEquals(3, resets);
    }

    @Test
    void whatIsNoKeyIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> keyboard.key(0, true));
        assertThrows(IllegalArgumentException.class, () -> keyboard.key(0x80, true));
        assertThrows(IllegalArgumentException.class, () -> keyboard.key(0xe1e1, true));
    }
}
