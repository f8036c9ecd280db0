package straddle.launcher.monitor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import straddle.core.vcpu.RunControl;
import straddle.core.vcpu.StopReason;
import straddle.devices.ByteSink;
import straddle.launcher.console.EchoMachine;
import straddle.machines.Machine;

@Timeout(60)
class MonitorTest {
    private final AtomicInteger quits = new AtomicInteger();
    private final Monitor monitor = new Monitor("straddle test", quits::incrementAndGet);
    private Machine machine;

    @BeforeEach
    void start() throws Exception {
        machine = EchoMachine.create(ByteSink.NOWHERE);
        monitor.attach(machine);
        machine.start();
    }

    @AfterEach
    void stop() {
        monitor.detach();
        machine.close();
    }

    private String say(String line) throws InterruptedException {
        return monitor.execute(line);
    }

    @Test
    void helpNamesEveryCommandAndExplainsOne() throws Exception {
        String help = say("help");
        assertTrue(
                List.of("info TOPIC", "stop", "cont, c", "system_reset", "quit, q", "xp ").stream()
                        .allMatch(help::contains),
                help);
        assertEquals("stop\n  pause the guest and its time\n", say("help stop"));
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "stpo, There is no command 'stpo'. Did you mean stop?",
                "flurb, There is no command 'flurb'. 'help' lists them all.",
                "info regsiters, There is no topic 'regsiters'. Did you mean registers?",
                "p rxa, There is no register 'rxa'. Did you mean rax?",
                "stop now, 'stop' takes no argument.",
                "p 1 +, A number or a register is missing at the end.",
                "p 1 / 0, That divides by zero.",
                "p 0xfffffffffffffffff, '0xfffffffffffffffff' is no number of 64 bits; hexadecimal ones start with 0x.",
                "x, wants an address",
                "x /9z 0, is no format",
                "cpu 3, There is no vCPU 3: they are 0 to 0.",
                "xp 0xfffff0000, nothing is at physical address 0xfffff0000.",
                "info pci, This machine has nothing to say about 'pci'.",
                "system_powerdown, This machine has no power button"
            })
    void aMistakeGetsASentence(String line, String sentence) throws Exception {
        assertTrue(say(line).contains(sentence), say(line));
    }

    @ParameterizedTest
    @CsvSource({
        "p 1 + 2 * 3, 0x7  7",
        "p (1 + 2) * 3, 0x9  9",
        "p 10 - 2 - 3, 0x5  5",
        "p -1, 0xffffffffffffffff  -1",
        "p ~0 >> 60, 0xf  15",
        "p $rsp & 0x18 | 1, 0x11  17",
        "p rdi << 1, 0x62  98",
        "print 0x10 % 7, 0x2  2"
    })
    void arithmeticIsDone(String line, String result) throws Exception {
        assertEquals(result + "\n", say(line));
    }

    @Test
    void statusFollowsStopAndCont() throws Exception {
        assertTrue(say("info status").startsWith("The guest runs, 1 vCPU under echo."));
        assertTrue(say("stop").startsWith("The guest is paused"));
        assertEquals(RunControl.State.PAUSED, machine.control().state());
        long stood = machine.clock().now();
        assertTrue(say("info status").startsWith("The guest is paused"));
        assertTrue(say("info registers").contains("rdi 0000000000000031"));
        assertEquals(RunControl.State.PAUSED, machine.control().state());
        assertEquals(stood, machine.clock().now());
        assertEquals("", say("c"));
        assertEquals(RunControl.State.RUNNING, machine.control().state());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "status",
                "cpus",
                "registers",
                "exits",
                "stats",
                "irq",
                "mem",
                "tlb",
                "pci",
                "mtree",
                "version"
            })
    void everyTopicHasSomethingToSayAndLeavesTheGuestRunning(String topic) throws Exception {
        assertTrue(say("info " + topic).length() > 10, topic);
        assertEquals(RunControl.State.RUNNING, machine.control().state());
    }

    @Test
    void infoAloneListsItsTopics() throws Exception {
        assertTrue(say("info").lines().count() >= 10);
        assertEquals(say("info"), say("info "));
    }

    @Test
    void memoryIsShownInManyWays() throws Exception {
        machine.memory().write(0x5000, 8, 0x8877_6655_4433_2211L);
        machine.memory().write(0x5008, 8, 'A');
        assertEquals("0000000000005000: 44332211 88776655\n", say("xp/2xw 0x5000"));
        assertEquals("0000000000005000: 8877665544332211\n", say("xp /g 0x5000"));
        assertEquals("0000000000005000: 11 22 33\n", say("x/3xb 0x5000"));
        assertEquals("0000000000005006: -30601\n", say("xp /dh 0x5006"));
        assertEquals("0000000000005007: \\x88 'A'\n", say("xp /2c 0x5007"));
    }

    @Test
    void resetAndQuitEndTheMachine() throws Exception {
        say("quit");
        assertEquals(1, quits.get());
        say("system_reset");
        assertEquals(new StopReason.Reset(), machine.awaitStop());
        assertEquals("The guest has stopped.\n", say("info registers"));
        monitor.detach();
        assertEquals("There is no guest at the moment.\n", say("info status"));
        assertTrue(say("help").contains("info"));
    }

    @Test
    void wordsAreCompleted() {
        assertTrue(monitor.completions(List.of()).contains("system_reset"));
        assertTrue(monitor.completions(List.of("info")).contains("registers"));
        assertTrue(monitor.completions(List.of("help")).contains("quit"));
        assertEquals(List.of(), monitor.completions(List.of("info", "x")));
    }

    @Test
    void anotherPartOfTheProgramCanAddACommand() throws Exception {
        monitor.add(
                new Command(
                        "accel",
                        "ENGINE",
                        "switch",
                        List.of("tcg"),
                        (words, _) -> "to " + words.getFirst()));
        assertEquals("to tcg\n", say("accel tcg"));
        assertEquals(List.of("tcg"), monitor.completions(List.of("accel")));
        assertThrows(
                IllegalArgumentException.class,
                () -> monitor.add(new Command("q", "", "", List.of(), (_, _) -> "")));
    }
}
