package straddle.launcher;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The arrows of `docs/architecture.md`.
class ArchitectureTest {
    private static final String[] JDK = {"java..", "javax.."};

    private static JavaClasses built;

    @BeforeAll
    static void importClasses() {
        built = new ClassFileImporter().importPaths(BuiltClasses.directories());
    }

    @ParameterizedTest
    @CsvSource({
        "straddle.core.., ''",
        "straddle.linux.kvm.., straddle.linux.libc..",
        "straddle.linux.libc.., ''",
        "straddle.linux.user.., straddle.core.. straddle.host..",
        "straddle.devices.., straddle.core..",
        "straddle.machines.., straddle.core.. straddle.devices..",
        "straddle.host.., straddle.core.. straddle.linux.libc..",
        "straddle.accel.kvm.., straddle.core.. straddle.host.. straddle.linux.kvm.. straddle.linux.libc.. jdk.jfr..",
        "straddle.tcg.., straddle.core.. org.objectweb.asm.. jdk.internal.misc.. jdk.jfr..",
        "straddle.launcher.., straddle.core.. straddle.devices.. straddle.machines.. straddle.host.. straddle.linux.user.. picocli.. com.google.gson.. org.apache.commons.compress.. org.tukaani.xz.. org.jline.. sun.misc.."
    })
    void aModuleUsesNoMoreThanItsArrowsAllow(String module, String others) {
        List<String> allowed = new ArrayList<>(List.of(JDK));
        allowed.add(module);
        allowed.addAll(List.of(others.split(" ", -1)));
        allowed.remove("");

        classes()
                .that()
                .resideInAPackage(module)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(allowed.toArray(String[]::new))
                .check(built);
    }

    @Test
    void devicesAndBoardsNameNoEngine() {
        noClasses()
                .that()
                .resideInAnyPackage("straddle.devices..", "straddle.machines..", "straddle.core..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("straddle.accel..", "straddle.tcg..")
                .check(built);
    }

    @Test
    void theEnginesNeverSeeEachOther() {
        noClasses()
                .that()
                .resideInAPackage("straddle.tcg..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("straddle.accel..")
                .check(built);
        noClasses()
                .that()
                .resideInAPackage("straddle.accel..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("straddle.tcg..")
                .check(built);
    }

    @Test
    void nativeCodeIsReachedFromTheHostModuleAndTheKvmEngineOnly() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "straddle.host..",
                        "straddle.accel.kvm..",
                        "straddle.linux.kvm..",
                        "straddle.linux.libc..")
                .should()
                .callMethodWhere(
                        calls("java.lang.foreign.Linker", "downcallHandle")
                                .or(calls("java.lang.foreign.Linker", "upcallStub"))
                                .or(calls("java.lang.foreign.SymbolLookup", "libraryLookup"))
                                .or(calls("java.lang.System", "load"))
                                .or(calls("java.lang.System", "loadLibrary")))
                .check(built);
    }

    /// The translator's fallback, for when it may not use `Unsafe`, is the one exception.
    @Test
    void noOtherModuleMakesMemoryOfAnAddress() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "straddle.host..",
                        "straddle.accel.kvm..",
                        "straddle.linux.kvm..",
                        "straddle.linux.libc..")
                .and()
                .doNotHaveFullyQualifiedName("straddle.tcg.mmu.Raw")
                .should()
                .callMethodWhere(calls("java.lang.foreign.MemorySegment", "reinterpret"))
                .check(built);
    }

    private static DescribedPredicate<JavaCall<?>> calls(String type, String method) {
        return target(
                        owner(
                                DescribedPredicate.describe(
                                        type, (JavaClass c) -> c.getName().equals(type))))
                .and(target(name(method)));
    }

    @Test
    void onlyTheLauncherEndsTheProcess() {
        noClasses()
                .that()
                .resideOutsideOfPackage("straddle.launcher..")
                .should()
                .callMethod(System.class, "exit", int.class)
                .check(built);
    }

    @Test
    void nothingButTheLauncherAndJextractsTracingPrints() {
        noClasses()
                .that()
                .resideOutsideOfPackages("straddle.launcher..", "straddle.linux..")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .check(built);
    }
}
