package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.HTTPGetAction;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.openshift.api.model.monitoring.v1.PodMonitor;
import io.patchbay.cli.Main;
import io.patchbay.core.control.config.Config;
import io.patchbay.core.control.config.ConfigReader;
import io.patchbay.vhost.net.VhostSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KubernetesTest {

    private static final Path DIRECTORY = Path.of("..", "deploy", "kubernetes");

    private Manifests manifests;
    private DaemonSet daemons;
    private Container container;

    @BeforeEach
    void read() throws IOException {
        manifests = Manifests.in(DIRECTORY);
        daemons = manifests.only(DaemonSet.class);
        List<Container> containers = daemons.getSpec().getTemplate().getSpec().getContainers();
        assertThat(containers).hasSize(1);
        container = containers.getFirst();
    }

    private Config configuration() throws Exception {
        return ConfigReader.ofInstalledKinds()
                .parse(
                        manifests
                                .only(ConfigMap.class)
                                .getData()
                                .get(configFile().getFileName().toString()),
                        "the ConfigMap");
    }

    /** Where the command in the container looks for its configuration. */
    private Path configFile() {
        List<String> arguments = container.getArgs();
        assertThat(arguments).startsWith("run").contains("--config");
        return Path.of(arguments.get(arguments.indexOf("--config") + 1));
    }

    private ContainerPort metricsPort() {
        return container.getPorts().stream()
                .filter(port -> port.getName().equals("metrics"))
                .findFirst()
                .orElseThrow();
    }

    /** The source of what the container sees at a path. */
    private Volume mountedAt(String path) {
        VolumeMount mount = container.getVolumeMounts().stream()
                .filter(m -> m.getMountPath().equals(path))
                .findFirst()
                .orElseThrow(() -> new AssertionError("nothing is mounted at " + path));
        return daemons.getSpec().getTemplate().getSpec().getVolumes().stream()
                .filter(volume -> volume.getName().equals(mount.getName()))
                .findFirst()
                .orElseThrow(() -> new AssertionError("there is no volume " + mount.getName()));
    }

    @ParameterizedTest
    @CsvSource({
        "kind: ConfigMap, king: ConfigMap",
        "namespace: patchbay, namespcae: patchbay",
        "data:, date:",
        "matchLabels:, matchLabel:",
        "hostNetwork: true, hostNetworks: true",
        "hostPID: true, hostPid: true",
        "terminationGracePeriodSeconds, terminationGraceSeconds",
        "containerPort: 9466, port: 9466",
        "allowPrivilegeEscalation, allowPrivilegesEscalation",
        "mountPath: /etc/patchbay, path: /etc/patchbay",
        "periodSeconds: 10, periodSeconds: often",
        "hostPath: {path: /run, hostPath: {paths: /run",
        "podMetricsEndpoints, podMetricEndpoints",
        "- port: metrics, - porte: metrics",
    })
    void aMisspeltFieldDoesNotGoUnnoticed(String right, String wrong) throws IOException {
        String yaml = Files.readString(DIRECTORY.resolve("patchbay.yaml"));
        assertThat(yaml).contains(right);

        assertThatThrownBy(() -> Manifests.parse(yaml.replace(right, wrong)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void everyResourceIsInTheNamespaceThatComesWithThem() {
        String namespace = manifests.only(Namespace.class).getMetadata().getName();
        assertThat(manifests.all())
                .filteredOn(resource -> !(resource instanceof Namespace))
                .hasSize(3)
                .allSatisfy(resource ->
                        assertThat(resource.getMetadata().getNamespace()).isEqualTo(namespace));
    }

    @Test
    void theArgumentsAreForTheProgramThatTheImageStarts() throws Exception {
        List<String> image = Files.readAllLines(DIRECTORY.resolveSibling("Containerfile"));

        assertThat(container.getCommand()).isEmpty();
        assertThat(image)
                .contains(
                        "COPY target/patchbay /opt/patchbay",
                        "RUN ln -s /opt/patchbay/bin/patchbay /usr/bin/patchbay",
                        "ENTRYPOINT [\"/usr/bin/patchbay\"]")
                .noneMatch(line -> line.startsWith("CMD"))
                .first()
                .asString()
                .contains("podman build -t " + container.getImage() + " ");
        assertThat(DIRECTORY.resolveSibling("bin").resolve("patchbay")).isExecutable();
        assertThatNoException()
                .isThrownBy(
                        () -> Main.commandLine().parseArgs(container.getArgs().toArray(String[]::new)));
    }

    @Test
    void theConfigurationIsMountedWhereTheDaemonLooksForIt() {
        Volume volume = mountedAt(configFile().getParent().toString());

        ConfigMap map = manifests.only(ConfigMap.class);
        assertThat(volume.getConfigMap().getName()).isEqualTo(map.getMetadata().getName());
        assertThat(map.getData()).containsKey(configFile().getFileName().toString());
    }

    @Test
    void theConfigurationIsGood() throws Exception {
        assertThat(configuration().ports()).isNotEmpty();
    }

    @ParameterizedTest
    @CsvSource({"uplink-pair.yaml, 1", "vxlan.yaml, 0"})
    void aVariantOfTheConfigurationTakesItsPlaceAndIsGood(String file, int pairs) throws Exception {
        ConfigMap usual = manifests.only(ConfigMap.class);
        ConfigMap variant = Manifests.parse(
                        Files.readString(DIRECTORY.resolve("variants").resolve(file)))
                .only(ConfigMap.class);

        assertThat(variant.getMetadata()).isEqualTo(usual.getMetadata());
        assertThat(variant.getData()).containsOnlyKeys(usual.getData().keySet());
        Config config = ConfigReader.ofInstalledKinds()
                .parse(variant.getData().values().iterator().next(), file);
        assertThat(config.pairs()).hasSize(pairs);
        assertThat(config.switching()).isEqualTo(configuration().switching());
    }

    @Test
    void everySocketIsInADirectoryOfTheNodeWhereVirtualMachinesFindIt() throws Exception {
        assertThat(configuration().ports())
                .anySatisfy(port -> assertThat(port.settings()).isInstanceOf(VhostSettings.class));
        for (Config.PortConfig port : configuration().ports()) {
            if (port.settings() instanceof VhostSettings settings) {
                String directory = Path.of(settings.socket()).getParent().toString();
                assertThat(mountedAt(directory).getHostPath().getPath()).isEqualTo(directory);
            }
        }
        Path admin = Path.of(configuration().switching().adminPath());
        assertThat(mountedAt(admin.getParent().toString())).isNotNull();
    }

    @Test
    void whatPortsMustKnowAfterARestartIsKeptOnTheNode() throws Exception {
        String directory = configuration().switching().statePath().orElseThrow().toString();
        assertThat(mountedAt(directory).getHostPath().getPath()).isEqualTo(directory);
    }

    @Test
    void theMetricsAreServedAtThePortThePodNames() throws Exception {
        var address = configuration().switching().metrics().orElseThrow();
        assertThat(address.getPort()).isEqualTo(metricsPort().getContainerPort());
        assertThat(address.getAddress().isAnyLocalAddress()).isTrue();
    }

    @Test
    void theProbesAskForHealthAtTheMetricsPort() {
        HTTPGetAction live = container.getLivenessProbe().getHttpGet();
        HTTPGetAction ready = container.getReadinessProbe().getHttpGet();

        assertThat(live.getPath()).isEqualTo("/livez");
        assertThat(ready.getPath()).isEqualTo("/readyz");
        assertThat(live.getPort().getStrVal()).isEqualTo(metricsPort().getName());
        assertThat(ready.getPort().getStrVal()).isEqualTo(metricsPort().getName());
    }

    @Test
    void theDaemonSetAndThePodMonitorSelectThePods() {
        Map<String, String> labels =
                daemons.getSpec().getTemplate().getMetadata().getLabels();
        var mine = daemons.getSpec().getSelector().getMatchLabels();
        var monitored = manifests.only(PodMonitor.class).getSpec().getSelector().getMatchLabels();

        assertThat(mine).isNotEmpty();
        assertThat(labels).containsAllEntriesOf(mine);
        assertThat(monitored).isNotEmpty();
        assertThat(labels).containsAllEntriesOf(monitored);
    }

    @Test
    void thePodMonitorScrapesAPortThePodHas() {
        var endpoints = manifests.only(PodMonitor.class).getSpec().getPodMetricsEndpoints();

        assertThat(endpoints).singleElement().satisfies(endpoint -> {
            assertThat(endpoint.getPort()).isEqualTo(metricsPort().getName());
            assertThat(endpoint.getPath()).isEqualTo("/metrics");
        });
    }

    @Test
    void theContainerHasTheCapabilitiesItNeedsAndNoOther() {
        var security = container.getSecurityContext();

        assertThat(security.getCapabilities().getDrop()).containsExactly("ALL");
        assertThat(Set.copyOf(security.getCapabilities().getAdd())).isEqualTo(Set.of("NET_ADMIN", "NET_RAW", "CHOWN"));
        assertThat(security.getAllowPrivilegeEscalation()).isFalse();
        assertThat(security.getPrivileged()).isNull();
    }

    @Test
    void theMemoryOfGuestsDoesNotCountAgainstALimit() {
        assertThat(container.getResources().getRequests()).containsKey("memory");
        assertThat(container.getResources().getLimits()).doesNotContainKey("memory");
    }

    @Test
    void thePodSeesTheProcessesOfVirtualMachines() {
        assertThat(daemons.getSpec().getTemplate().getSpec().getHostPID()).isTrue();
    }

    @Test
    void thePodMayMakeTapDevicesInTheNetworkOfItsNode() {
        assertThat(daemons.getSpec().getTemplate().getSpec().getHostNetwork()).isTrue();
        assertThat(mountedAt("/dev/net/tun").getHostPath().getType()).isEqualTo("CharDevice");
    }
}
