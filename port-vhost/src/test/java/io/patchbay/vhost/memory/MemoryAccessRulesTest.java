package io.patchbay.vhost.memory;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.foreign.Linker;
import java.lang.invoke.VarHandle;
import java.util.zip.Checksum;
import org.junit.jupiter.api.Test;

/** Guest memory may be gone at any moment; these accesses to it would then end the process (package description). */
class MemoryAccessRulesTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.patchbay.vhost.memory", "io.patchbay.vhost.ring", "io.patchbay.vhost.net");

    /** Has a table of its own on the heap, and touches no guest memory. */
    private static final String ON_THE_HEAP = "FlowTable";

    @Test
    void ringsAndLoopsOnlyUsePlainAccessesAndAcquireLoads() {
        noClasses()
                .that()
                .doNotHaveSimpleName(ON_THE_HEAP)
                .should()
                .callMethodWhere(target(nameMatching(
                                "set(Release|Opaque|Volatile)|getVolatile|getOpaque|(weakC|c)ompareAnd.*|getAnd.*"))
                        .and(target(owner(name(VarHandle.class.getName())))))
                .check(CLASSES);
    }

    @Test
    void guestMemoryIsNotHandedToChecksumsOrNativeCode() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .areAssignableTo(Checksum.class)
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(Linker.class)
                .check(CLASSES);
    }
}
