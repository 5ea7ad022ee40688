package io.patchbay.core;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.patchbay.core");

    @Test
    void packagesPointOneWay() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("linux")
                .definedBy("..core.linux..")
                .layer("frame")
                .definedBy("..core.frame..")
                .layer("port")
                .definedBy("..core.port..")
                .layer("forward")
                .definedBy("..core.forward..")
                .layer("worker")
                .definedBy("..core.worker..")
                .layer("control")
                .definedBy("..core.control..")
                .whereLayer("control")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("worker")
                .mayOnlyBeAccessedByLayers("control")
                .whereLayer("forward")
                .mayOnlyBeAccessedByLayers("worker", "control")
                .whereLayer("port")
                .mayOnlyBeAccessedByLayers("forward", "worker", "control")
                .whereLayer("frame")
                .mayOnlyBeAccessedByLayers("port", "forward", "worker", "control")
                .check(CLASSES);
    }

    @Test
    void onlyTheLinuxPackageCallsNativeCode() {
        noClasses()
                .that()
                .resideOutsideOfPackage("..core.linux..")
                .should()
                .dependOnClassesThat()
                .areAssignableTo(Linker.class)
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(SymbolLookup.class)
                .check(CLASSES);
    }

    @Test
    void theDataPathKnowsNeitherNettyNorJacksonNorMicrometer() {
        noClasses()
                .that()
                .resideInAnyPackage("..core.linux..", "..core.frame..", "..core.port..", "..core.forward..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty..", "tools.jackson..", "io.micrometer..")
                .check(CLASSES);
    }

    @Test
    void nobodyUsesInternalsOfTheJdk() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("sun.misc..", "jdk.internal..")
                .check(CLASSES);
    }
}
