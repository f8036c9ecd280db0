package straddle.devices.serial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.devices.serial.Uart16550.*;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import straddle.devices.ByteSink;
import straddle.devices.contract.DeviceContract;
import straddle.devices.contract.TestLine;

class Uart16550Test implements DeviceContract {
    private final TestLine irq = new TestLine();
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    private final Uart16550 uart = new Uart16550(irq, sent::write);

    @Override
    public Subject subject() {
        Uart16550 device = new Uart16550(new TestLine(), _ -> {});
        return new Subject(
                device, List.of(new Registers(device, LENGTH)), () -> device.write(SCR, 0x5a));
    }

    private void type(String text) {
        for (byte b : text.getBytes(StandardCharsets.US_ASCII)) {
            uart.receive(b);
        }
    }

    @Test
    void whatIsWrittenIsSent() {
        uart.write(RBR_THR, 'h');
        uart.write(RBR_THR, 'i');
        assertEquals("hi", sent.toString(StandardCharsets.US_ASCII));
        assertEquals(LSR_THRE | LSR_TEMT, uart.read(LSR));
    }

    @Test
    void dlabBanksTheDivisorIn() {
        uart.write(LCR, LCR_DLAB | 3);
        uart.write(0, 0x34);
        uart.write(1, 0x12);
        assertEquals(0x34, uart.read(0));
        assertEquals(0x12, uart.read(1));
        uart.write(LCR, 3);
        assertEquals(0, uart.read(IER));
        assertEquals("", sent.toString(StandardCharsets.US_ASCII));
    }

    @Test
    void withoutFifosTheSecondByteWaitsOnTheWire() {
        type("ab");
        assertEquals('a', uart.read(RBR_THR));
        assertEquals(LSR_DR, uart.read(LSR) & (LSR_DR | LSR_OE));
        assertEquals('b', uart.read(RBR_THR));
        assertEquals(0, uart.read(LSR) & LSR_DR);
    }

    @Test
    void noneOfManyBytesIsLost() {
        uart.write(IIR_FCR, FCR_ENABLE);
        String text = "0123456789abcdefghijklmnopqrstuvwxyz";
        type(text);
        StringBuilder read = new StringBuilder();
        while ((uart.read(LSR) & LSR_DR) != 0) {
            read.append((char) uart.read(RBR_THR));
        }
        assertEquals(text, read.toString());
    }

    @Test
    void dataInterruptsWhenEnabledAndPassedOnByOut2() {
        uart.write(IER, IER_ERBFI);
        type("a");
        assertFalse(irq.isHigh());
        uart.write(MCR, MCR_OUT2);
        assertTrue(irq.isHigh());
        assertEquals(IIR_DATA_AVAILABLE, uart.read(IIR_FCR));
        assertTrue(irq.isHigh(), "reading IIR does not take the data");
        assertEquals('a', uart.read(RBR_THR));
        assertFalse(irq.isHigh());
    }

    @Test
    void belowTheTriggerLevelDataShowsAsATimeout() {
        uart.write(IIR_FCR, FCR_ENABLE | 1 << FCR_TRIGGER_SHIFT);
        uart.write(IER, IER_ERBFI);
        type("abc");
        assertEquals(IIR_FIFOS_ENABLED | IIR_TIMEOUT, uart.read(IIR_FCR));
        type("d");
        assertEquals(IIR_FIFOS_ENABLED | IIR_DATA_AVAILABLE, uart.read(IIR_FCR));
    }

    @Test
    void enablingTheTransmittersInterruptRequestsOneAndReadingIirTakesIt() {
        uart.write(MCR, MCR_OUT2);
        uart.write(IER, IER_ETBEI);
        assertTrue(irq.isHigh());
        assertEquals(IIR_THR_EMPTY, uart.read(IIR_FCR));
        assertFalse(irq.isHigh());
        assertEquals(IIR_NONE, uart.read(IIR_FCR));
        uart.write(RBR_THR, 'x');
        assertTrue(irq.isHigh());
    }

    @Test
    void aByteThatWaitsOutranksTheTransmitter() {
        uart.write(IER, IER_ERBFI | IER_ETBEI);
        type("a");
        assertEquals(IIR_DATA_AVAILABLE, uart.read(IIR_FCR));
        uart.read(RBR_THR);
        assertEquals(IIR_THR_EMPTY, uart.read(IIR_FCR));
    }

    @Test
    void loopbackReturnsWhatIsSentAndCutsTheHostOff() {
        uart.write(MCR, MCR_LOOP);
        type("h");
        uart.write(RBR_THR, 'x');
        assertEquals('x', uart.read(RBR_THR));
        assertEquals(0, uart.read(LSR) & LSR_DR);
        uart.write(MCR, 0);
        assertEquals('h', uart.read(RBR_THR));
        assertEquals("", sent.toString(StandardCharsets.US_ASCII));
    }

    @Test
    void loopbackOverrunsOnceItsRoomIsFull() {
        uart.write(MCR, MCR_LOOP);
        uart.write(IER, IER_ELSI);
        uart.write(RBR_THR, 'x');
        uart.write(RBR_THR, 'y');
        assertEquals(IIR_LINE_STATUS, uart.read(IIR_FCR));
        assertEquals(LSR_OE, uart.read(LSR) & LSR_OE);
        assertEquals(0, uart.read(LSR) & LSR_OE);
    }

    @Test
    void loopbackConnectsTheModemOutputsToItsInputs() {
        uart.write(MCR, MCR_LOOP | MCR_RTS | MCR_OUT1);
        assertEquals(MSR_CTS | MSR_RI | MSR_DDSR | MSR_DDCD, uart.read(MSR) & ~MSR_TERI);
        uart.write(MCR, MCR_LOOP | MCR_DTR | MCR_OUT2);
        assertEquals(MSR_DSR | MSR_DCD | MSR_DCTS | MSR_DDSR | MSR_TERI | MSR_DDCD, uart.read(MSR));
        assertEquals(MSR_DSR | MSR_DCD, uart.read(MSR), "reading takes the deltas");
    }

    @Test
    void aTerminalIsConnected() {
        assertEquals(MSR_CTS | MSR_DSR | MSR_DCD, uart.read(MSR));
    }

    @Test
    void clearingTheReceiveFifoDropsItsBytes() {
        uart.write(IIR_FCR, FCR_ENABLE);
        type("abc");
        uart.write(IIR_FCR, FCR_ENABLE | FCR_RESET_RX);
        assertEquals(0, uart.read(LSR) & LSR_DR);
    }

    @Test
    void aHostThatTakesNoMoreHoldsTheTransmitterOff() {
        Valve valve = new Valve();
        Uart16550 flow = new Uart16550(irq, valve);
        flow.write(MCR, MCR_OUT2);
        flow.write(IER, IER_ETBEI);
        flow.read(IIR_FCR);
        valve.open = false;
        flow.write(RBR_THR, 'x');

        assertEquals(0, flow.read(LSR) & (LSR_THRE | LSR_TEMT));
        assertFalse(irq.isHigh());

        valve.open = true;
        flow.transmitterReady();
        assertEquals(LSR_THRE | LSR_TEMT, flow.read(LSR));
        assertEquals(IIR_THR_EMPTY, flow.read(IIR_FCR));
        assertEquals("x", valve.taken.toString());
    }

    private static final class Valve implements ByteSink {
        private final StringBuilder taken = new StringBuilder();
        private boolean open = true;

        @Override
        public void write(int b) {
            taken.append((char) b);
        }

        @Override
        public boolean ready() {
            return open;
        }
    }

    @Test
    void aBreakIsAZeroThatLsrTellsFromOthers() {
        uart.write(MCR, MCR_OUT2);
        uart.write(IIR_FCR, FCR_ENABLE);
        uart.write(IER, IER_ERBFI | IER_ELSI);
        type("a");
        uart.receiveBreak();
        type("b");

        assertEquals(0, uart.read(LSR) & (LSR_BI | LSR_FE));
        assertEquals('a', uart.read(RBR_THR));
        assertEquals(IIR_LINE_STATUS | IIR_FIFOS_ENABLED, uart.read(IIR_FCR));
        assertEquals(LSR_BI | LSR_FE, uart.read(LSR) & (LSR_BI | LSR_FE));
        assertEquals(0, uart.read(LSR) & LSR_BI);
        assertEquals(0, uart.read(RBR_THR));
        assertEquals('b', uart.read(RBR_THR));
    }

    @Test
    void theHostIsToldWhenNothingWaitsOnTheWireAnyMore() {
        int[] told = {0};
        uart.onWireEmpty(() -> told[0]++);
        type("ab");
        assertEquals(1, uart.waiting());
        assertEquals(1, told[0]);
        uart.read(RBR_THR);
        assertEquals(0, uart.waiting());
        assertEquals(2, told[0]);
    }
}
