package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Debian's busybox under `straddle user` does what it does by itself: a list of command lines, their output and exit
/// codes. Its shell runs them all, so that forks, pipes and signals are among it.
@Tag("boot")
class UserProgramsTest {
    private static final String LIST = "busybox-commands.txt";

    @TempDir private Path directory;

    private static List<String> commands() throws IOException {
        try (var in = UserProgramsTest.class.getResourceAsStream(LIST)) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return text.lines().filter(line -> !line.startsWith("# ")).toList();
        }
    }

    /// Here documents span lines: the script is the list itself, a report after each line that ends a command.
    private Path script() throws IOException {
        List<String> script = new ArrayList<>();
        script.add("exec </dev/null; cd $1; export B=$2 LC_ALL=C");
        boolean open = false;
        for (String line : commands()) {
            script.add(line);
            open ^= line.chars().filter(c -> c == '\'').count() % 2 == 1;
            if (!open) {
                script.add("echo \"## " + script.size() + " $?\"");
            }
        }
        Path file = directory.resolve("script");
        Files.write(file, script);
        return file;
    }

    @Test
    void busyboxDoesTheSameUnderEmulation() throws Exception {
        assumeTrue("amd64".equals(System.getProperty("os.arch")), "the host is no x86-64");
        String busybox = GuestPrograms.busybox("amd64").toString();
        String script = script().toString();
        String here = Files.createDirectories(directory.resolve("native/work")).toString();
        Path expected = directory.resolve("expected");
        Process process =
                new ProcessBuilder(busybox, "sh", script, here, busybox)
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .redirectOutput(expected.toFile())
                        .start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));

        String there = Files.createDirectories(directory.resolve("translated/work")).toString();
        Path of = Files.createDirectory(directory.resolve("command"));
        try (CommandProcess command =
                CommandProcess.start(of, "user", busybox, "sh", script, there, busybox)) {
            assertEquals(process.exitValue(), command.await(), command.everything());
            assertEquals(Files.readString(expected, StandardCharsets.ISO_8859_1), command.out());
        }
    }

    /// Processes that the host knows nothing of are in /proc with their own names, states and files; ps, pidof and killall find them.
    @Test
    void processesFindEachOtherInProc() throws Exception {
        String busybox = GuestPrograms.busybox("amd64").toString();
        Path script = directory.resolve("processes");
        try (var in = UserProgramsTest.class.getResourceAsStream("processes.sh")) {
            Files.copy(in, script);
        }
        String work = directory.resolve("work").toString();
        Path expected = directory.resolve("expected");
        Process process =
                new ProcessBuilder(busybox, "sh", script.toString(), busybox, work)
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .redirectOutput(expected.toFile())
                        .start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        Path of = Files.createDirectory(directory.resolve("command"));
        try (CommandProcess command =
                CommandProcess.start(of, "user", busybox, "sh", script.toString(), busybox, work)) {
            assertEquals(0, command.await(), command.everything());
            assertEquals(Files.readString(expected), command.out());
        }
    }

    /// Links that lead outside, trailing slashes, the shell's own descriptors and a disk's device, one a line.
    @Test
    void aProgramNamesNothingOutsideItsRoot() throws Exception {
        Path busybox = GuestPrograms.busybox("amd64");
        Path root = Files.createDirectories(directory.resolve("root/bin"));
        Files.copy(busybox, root.resolve("busybox"), StandardCopyOption.COPY_ATTRIBUTES);
        Path outside = Files.writeString(directory.resolve("secret"), "outside\n");
        String script =
                """
                cd /; mkdir w/; cd w; echo in > f; ln -s f l; ln -s %s o; ln -s / d
                cat o; echo $?; cat ../../../..%s; echo $?; cat d/../%s; echo $?
                mkdir x/; mv x/ y; stat -c %%F y/ . l d/ d; rmdir y/; ls -d .
                cat /dev/fd/3 3<f; cat /dev/stdin <f; readlink /dev/fd/3 3<f; ls -d d/bin
                readlink /proc/self/exe; cmp /proc/self/exe /bin/busybox; echo $?
                mknod disk b 8 0; echo $?
                cd ../../..; pwd
                """
                        .formatted(outside, outside, outside);
        try (CommandProcess command =
                CommandProcess.start(
                        Files.createDirectory(directory.resolve("confined")),
                        "user",
                        "--root",
                        root.getParent().toString(),
                        "/bin/busybox",
                        "sh",
                        "-c",
                        script)) {
            assertEquals(0, command.await(), command.everything());
            assertEquals(
                    """
                    1
                    1
                    1
                    directory
                    directory
                    symbolic link
                    directory
                    symbolic link
                    .
                    in
                    in
                    /w/f
                    d/bin
                    /bin/busybox
                    0
                    1
                    /
                    """,
                    command.out());
        }
    }

    /// By links of /proc, directories held open, renamed ones, sockets' names.
    @Test
    void noOtherWayLeadsOutsideItEither() throws Exception {
        Path root = Files.createDirectory(directory.resolve("kept"));
        Path program = GuestPrograms.compiled("userescape", directory);
        Files.copy(program, root.resolve("escape"), StandardCopyOption.COPY_ATTRIBUTES);
        Path outside = Files.writeString(directory.resolve("outside"), "secret");
        Path name = directory.resolve("outside.socket");
        Path of = Files.createDirectory(directory.resolve("command"));
        String hidden = "straddle-test-" + System.nanoTime();
        Path inWorkingDirectory = Path.of("s");
        Process listener = new ProcessBuilder(program.toString(), "listen", hidden).start();
        try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
                ServerSocketChannel here = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
                BufferedReader listening = listener.inputReader()) {
            socket.bind(UnixDomainSocketAddress.of(name));
            here.bind(UnixDomainSocketAddress.of(inWorkingDirectory));
            assertEquals("listens", listening.readLine());
            try (CommandProcess command =
                    CommandProcess.start(
                            of,
                            "user",
                            "--no-net",
                            "--root",
                            root.toString(),
                            "/escape",
                            outside.toString(),
                            hidden)) {
                assertEquals(0, command.await(), command.everything());
                assertEquals(
                        """
                        directories: 1 1
                        listens
                        own: 1
                        chosen by the kernel: 1
                        kept: 1
                        25 ways, no more of them
                        network: -1 Address family not supported by protocol
                        """,
                        command.out());
            }
        } finally {
            listener.destroy();
            Files.deleteIfExists(inWorkingDirectory);
        }
    }

    /// All that opens files goes another way there.
    @Test
    void filesAreOpenedWithinARootAsElsewhere() throws Exception {
        Path root = Files.createDirectories(directory.resolve("root/work")).getParent();
        Path program = GuestPrograms.compiled("usernewer", directory);
        Files.copy(program, root.resolve("newer"), StandardCopyOption.COPY_ATTRIBUTES);
        String here = Files.createDirectory(directory.resolve("native")).toString();
        Path expected = directory.resolve("expected");
        Process process =
                new ProcessBuilder(program.toString(), here)
                        .redirectOutput(expected.toFile())
                        .start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        Path of = Files.createDirectory(directory.resolve("command"));
        try (CommandProcess command =
                CommandProcess.start(of, "user", "--root", root.toString(), "/newer", "/work")) {
            assertEquals(process.exitValue(), command.await(), command.everything());
            assertEquals(Files.readString(expected), command.out());
        }
    }

    private void doesTheSameTranslated(String name) throws Exception {
        doesTheSame(name, "tcg");
    }

    private void doesTheSame(String name, String engine) throws Exception {
        doesTheSame(name, "gcc", engine);
    }

    /// @param compiler which makes the program that is run here, for whatever architecture
    private void doesTheSame(String name, String compiler, String engine) throws Exception {
        Path own = GuestPrograms.compiled(name, directory);
        Path expected = directory.resolve("expected");
        Path elsewhere = Files.createDirectory(directory.resolve("compiled"));
        Path program =
                compiler.equals("gcc") ? own : GuestPrograms.compiled(name, elsewhere, compiler);
        Process process =
                new ProcessBuilder(own.toString()).redirectOutput(expected.toFile()).start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        Path of = Files.createDirectory(directory.resolve("command"));
        try (CommandProcess command =
                CommandProcess.start(of, "user", "--accel", engine, program.toString())) {
            assertEquals(process.exitValue(), command.await(), command.everything());
            assertEquals(Files.readString(expected), command.out());
        }
    }

    /// Loops that compute while signals, other threads, forks and system calls change what they see: memory, its rights, their own code.
    @ParameterizedTest
    @ValueSource(strings = {"auto", "kvm"})
    void codeOnTheProcessorSeesWhatChangesAroundIt(String engine) throws Exception {
        GuestPrograms.requireNativeUserCode();
        doesTheSame("usernative", engine);
    }

    @Test
    void thatCodeIsSeenTranslatedToo() throws Exception {
        doesTheSameTranslated("usernative");
    }

    @Test
    void signalsByDescriptorAndTimersAreAsTheKernelHasThem() throws Exception {
        doesTheSameTranslated("usersignals");
    }

    @Test
    void processesShareMemorySemaphoresAndMessagesAsSystemVHasThem() throws Exception {
        doesTheSameTranslated("useripc");
    }

    /// Compilers of both byte orders and word sizes.
    static List<String> compilers() {
        return List.of(
                "gcc",
                "aarch64-linux-gnu-gcc",
                "arm-linux-gnueabihf-gcc",
                "mips-linux-gnu-gcc",
                "mipsel-linux-gnu-gcc");
    }

    @ParameterizedTest
    @MethodSource("compilers")
    void processesAreReachedByDescriptorsAsTheKernelHasIt(String compiler) throws Exception {
        doesTheSame("userpids", compiler, "tcg");
    }

    /// Descriptors that another thread closes meanwhile or that come by messages, several threads that execute, links in /proc.
    @ParameterizedTest
    @MethodSource("compilers")
    void filesStayOpenAsLongAsTheKernelHasThem(String compiler) throws Exception {
        doesTheSame("userfiles", compiler, "tcg");
    }

    /// openat2, attributes of scheduling, futex_waitv, recvmmsg: likewise.
    @ParameterizedTest
    @MethodSource("compilers")
    void newerCallsAreAsTheKernelHasThem(String compiler) throws Exception {
        doesTheSame("usernewer", compiler, "tcg");
    }

    /// Keys, background reads and writes, window sizes, orphaned groups and hang-ups, on a terminal that the program made.
    @Test
    void jobControlIsAsTheKernelHasIt() throws Exception {
        doesTheSameTranslated("userterminals");
    }

    @Test
    void timersOfProcessorTimeStandStillInSleep() throws Exception {
        doesTheSameTranslated("usercpu");
    }

    /// Stack overflow, a fork bomb, huge mappings, bad pointers, data executed: none disturbs the others.
    @Test
    void whatAProgramDoesWrongEndsItAsTheKernelWould() throws Exception {
        doesTheSameTranslated("userhostile");
    }

    /// A slice of `bench/user-fuzz`, which goes on for minutes: the kernel keeps it within an empty directory.
    @Test
    void randomCallsAndDamagedProgramsEndNobodyElse() throws Exception {
        Path root = Files.createDirectory(directory.resolve("empty"));
        Files.move(GuestPrograms.compiled("userfuzz", directory), root.resolve("fuzz"));
        Path of = Files.createDirectory(directory.resolve("command"));
        try (CommandProcess command =
                CommandProcess.start(
                        of,
                        "user",
                        "-m",
                        "1G",
                        "--root",
                        root.toString(),
                        "--no-net",
                        "/fuzz",
                        "4",
                        "1",
                        "/fuzz")) {
            assertEquals(0, command.await(), command.everything());
            assertFalse(command.err().contains("mistake in Straddle"), command.everything());
        }
    }
}
