package straddle.launcher.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import straddle.core.vcpu.StopReason;
import straddle.host.Descriptor;
import straddle.host.HostTerminal;
import straddle.host.PseudoTerminal;
import straddle.machines.Machine;

/// A user at a pseudo-terminal, in front of a guest that echoes.
@Timeout(60)
class TerminalEndTest {
    private PseudoTerminal user;
    private Descriptor screen;
    private String before;
    private final Consoles consoles = new Consoles("straddle test");
    private Machine machine;
    private final StringBuilder seen = new StringBuilder();

    @BeforeEach
    void sitDown() throws Exception {
        user = PseudoTerminal.open();
        user.resize(new HostTerminal.Size(132, 43));
        screen = Descriptor.open(user.path());
        stty("sane");
        before = stty("-g");
        TerminalEnd end =
                new TerminalEnd(
                        Tty.of(screen.number()).orElseThrow(),
                        new FileInputStream(user.path()),
                        new PrintStream(new FileOutputStream(user.path()), true),
                        consoles.monitor(),
                        consoles::quit,
                        () -> {});
        consoles.open(List.of(end), List.of());
        machine = EchoMachine.create(end.output());
        consoles.begins(machine);
        machine.start();
    }

    @AfterEach
    void getUp() {
        machine.close();
        consoles.close();
        user.close();
        screen.close();
    }

    private String stty(String argument) throws Exception {
        Process process = new ProcessBuilder("stty", "-F", user.path(), argument).start();
        String said =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertEquals(0, process.waitFor());
        return said;
    }

    private void type(String text) throws Exception {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        assertEquals(bytes.length, user.write(bytes, 0, bytes.length));
    }

    private void await(String text) throws Exception {
        await(screenful -> screenful.contains(text));
    }

    /// Looks at what has come since the last wait ended.
    private void await(Predicate<String> condition) throws Exception {
        Thread patience = Thread.startVirtualThread(this::getUpInTime);
        try {
            look(condition);
        } finally {
            patience.interrupt();
        }
    }

    private void getUpInTime() {
        try {
            Thread.sleep(20_000);
            user.close();
        } catch (InterruptedException _) {
            // It came.
        }
    }

    private void look(Predicate<String> condition) throws Exception {
        byte[] part = new byte[4096];
        while (!condition.test(
                new String(
                        seen.toString().getBytes(StandardCharsets.ISO_8859_1),
                        StandardCharsets.UTF_8))) {
            int count = user.read(part);
            assertTrue(count > 0, () -> "only this came: " + seen);
            seen.append(new String(part, 0, count, StandardCharsets.ISO_8859_1));
        }
        seen.setLength(0);
    }

    @Test
    void controlCharactersAndUtf8ReachTheGuestAndComeBack() throws Exception {
        type("grüße\u0003\u001a\u0004\u001c\u0011\u0013\n");
        await("grüße\u0003\u001a\u0004\u001c\u0011\u0013\n");
    }

    @Test
    void theMonitorTakesOverAndGivesBack() throws Exception {
        type("\u0001c");
        await("(straddle) ");
        type("info status\r");
        await("The guest runs, 1 vCPU under echo.");
        type("\u0001cback");
        await("back");
    }

    @Test
    void theGuestsOutputWaitsWhileTheMonitorIsOpen() throws Exception {
        type("\u0001c");
        await("(straddle) ");
        machine.serialPorts().getFirst().send(new byte[] {'h', 'e', 'l', 'd'}, 0, 4);
        type("p 6 * 7\r");
        await(text -> text.contains("0x2a") && !text.contains("held"));
        type("\u0001c");
        await("held");
    }

    @Test
    void tabCompletesAndCtrlPBringsTheLastLineBack() throws Exception {
        type("\u0001c");
        await("(straddle) ");
        type("info regi\t\r");
        await("real mode, ring 0");
        type("\u0010\r");
        await("real mode, ring 0");
        type("\u0001c");
    }

    @Test
    void theEscapeHelpsAndSendsItself() throws Exception {
        type("\u0001h");
        await("Ctrl-A X   quit");
        type("\u0001a!");
        await("\u0001!");
    }

    @Test
    void whoPressesCtrlCThriceLearnsHowToLeave() throws Exception {
        type("\u0003\u0003\u0003");
        await("Ctrl-A X quits");
    }

    @Test
    void theWindowsSizeIsTypedOnRequest() throws Exception {
        type("\u0001s");
        await("stty rows 43 columns 132\r");
    }

    @Test
    void quittingEndsTheGuestAndRestoresTheTerminal() throws Exception {
        assertFalse(stty("-g").equals(before));
        type("\u0001x");
        assertEquals(new StopReason.PoweredOff(0), machine.awaitStop());
        consoles.close();
        assertEquals(before, stty("-g"));
    }

    @Test
    void aGuestThatPowersOffLeavesARestoredTerminal() throws Exception {
        type("x");
        await("x");
        machine.serialPorts().getFirst().send(new byte[] {0}, 0, 1);
        assertTrue(machine.awaitStop() instanceof StopReason.PoweredOff);
        consoles.close();
        assertEquals(before, stty("-g"));
    }
}
