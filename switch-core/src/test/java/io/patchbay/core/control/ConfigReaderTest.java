package io.patchbay.core.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import io.patchbay.core.control.config.Config;
import io.patchbay.core.control.config.ConfigException;
import io.patchbay.core.control.config.ConfigReader;
import io.patchbay.core.control.config.PortLimits;
import io.patchbay.core.port.Claim;
import io.patchbay.core.port.Port;
import io.patchbay.core.port.PortProvider;
import io.patchbay.core.port.SettingException;
import io.patchbay.core.port.pair.PairSettings;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigReaderTest {

    /** Settings of a kind of port that only this test knows. */
    public record CableSettings(String plug, Optional<Integer> metres) {

        public CableSettings {
            metres.ifPresent(m -> {
                if (m > 100) {
                    throw SettingException.of("metres", m, "at most 100");
                }
            });
        }
    }

    private record Cables(String type, Class<CableSettings> settings, boolean canBeMember)
            implements PortProvider<CableSettings> {

        @Override
        public List<Claim> claims(CableSettings settings) {
            return List.of(Claim.socket("plug", "/" + settings.plug()));
        }

        @Override
        public Port create(String name, CableSettings settings) {
            throw new UnsupportedOperationException("never started here");
        }
    }

    private final ConfigReader reader = new ConfigReader(List.of(new Cables("cable", CableSettings.class, true)));

    @Test
    void everythingButThePortsHasADefault() throws ConfigException {
        Config config = reader.parse("{\"ports\":[{\"name\":\"a\",\"type\":\"cable\",\"plug\":\"x\"}]}", "f");
        assertThat(config.ports()).singleElement().satisfies(port -> {
            assertThat(port.name()).isEqualTo("a");
            assertThat(port.settings()).isEqualTo(new CableSettings("x", Optional.empty()));
        });
        assertThat(config.switching().ageing()).isEqualTo(300);
        assertThat(config.switching().adminPath()).isEqualTo("/run/patchbay/admin.sock");
        assertThat(config.switching().workerSettings()).hasSize(1);
    }

    @Test
    void whatAPortOfAnyKindMaySendIsLimitedBesideItsOwnSettings() throws ConfigException {
        Config config = reader.parse(
                "{\"ports\":[{\"name\":\"a\",\"type\":\"cable\",\"plug\":\"x\",\"addresses\":[\"52:54:00:00:00:01\"],\"floodLimit\":10}]}",
                "f");
        assertThat(config.ports()).singleElement().satisfies(port -> {
            assertThat(port.settings()).isEqualTo(new CableSettings("x", Optional.empty()));
            assertThat(port.limits())
                    .isEqualTo(new PortLimits(Optional.of(List.of("52:54:00:00:00:01")), Optional.of(10)));
        });
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{ports: []}                                    | f:1:2: $: not valid JSON: Unexpected character",
                "{'ports': [{'name': 'a' 'type': 1}]}           | f:1:25: $.ports[0].name: not valid JSON: Unexpected character",
                "{'ports': []} {}                               | f:1:15: $: not valid JSON: there is more text after the end",
                "[]                                             | f:1:1: $: []: the file must hold an object with a key \"ports\"",
                "{}                                             | f:1:1: $: the key 'ports': is missing; it holds an array of objects",
                "{'ports': [], 'port': []}                      | f:1:15: $.port: unknown key 'port': did you mean 'ports'? allowed: ports, switch",
                "{'ports': [], 'a.b c': []}                     | f:1:15: $['a.b c']: unknown key 'a.b c': allowed: ports, switch",
                "{'ports': [],\\n'ports': []}                   | f:1:2: $.ports: the key 'ports': is given again in line 2; a key may be given once",
                "{'ports': {}}                                  | f:1:2: $.ports: {}: must be an array of objects",
                "{'ports': [3]}                                 | f:1:12: $.ports[0]: 3: must be an object",
                "{'ports': [{'type':'cable','plug':'x'}]}       | f:1:12: $.ports[0]: the key 'name': is missing",
                "{'ports': [{'name':'a','plug':'x'}]}           | f:1:12: $.ports[0]: the key 'type': is missing",
                "{'ports': [{'name':5,'type':'cable','plug':'x'}]} | f:1:13: $.ports[0].name: 5: must be a string",
                "{'ports': [{'name':'a b','type':'cable','plug':'x'}]} | f:1:13: $.ports[0].name: 'a b': allowed: [A-Za-z0-9][A-Za-z0-9._-]{0,62}",
                "{'ports': [{'name':'a','type':'rope'}]}        | f:1:24: $.ports[0].type: 'rope': allowed: active-backup, cable",
                "{'ports': [{'name':'a','type':'Cabel'}]}       | f:1:24: $.ports[0].type: 'Cabel': did you mean 'cable'? allowed: active-backup, cable",
                "{'ports': [{'name':'a','type':'cable'}]}       | f:1:12: $.ports[0]: the key 'plug': is missing",
                "{'ports': [{'name':'a','type':'cable','plug':null}]} | f:1:39: $.ports[0].plug: null: must be a string",
                "{'ports': [{'name':'a','type':'cable','plug':'x','metres':null}]} | f:1:50: $.ports[0].metres: null: must be a whole number of 32 bits",
                "{'ports': [{'name':'a','type':'cable','plug':'x','addresses':[null]}]} | f:1:63: $.ports[0].addresses[0]: null: must be a string",
                "{'ports': [{'name':'a','type':'cable','plug':'x','enabled':null}]} | f:1:50: $.ports[0].enabled: null: must be true or false",
                "{'ports': [], 'switch': {'workers': [{},null]}} | f:1:41: $.switch.workers[1]: null: must be an object",
                "{'ports': [], 'switch': {'workers': [{'cpu':null}]}} | f:1:39: $.switch.workers[0].cpu: null: must be a whole number of 32 bits",
                "{'ports': [], 'switch': {'adminSocket': null}} | f:1:26: $.switch.adminSocket: null: must be a string",
                "{'ports': [], 'switch': null}                  | f:1:15: $.switch: null: must be an object",
                "{'ports': [{'name':'a','type':'cable','plug':7}]} | f:1:39: $.ports[0].plug: 7: must be a string",
                "{'ports': [{'name':'a','type':'cable','plug':'x','metres':101}]} | f:1:50: $.ports[0].metres: 101: allowed: at most 100",
                "{'ports': [{'name':'a','type':'cable','plug':'x','addresses':['52:54:00:00:00:01','ff:ff:ff:ff:ff:ff']}]} | f:1:50: $.ports[0].addresses: ['52:54:00:00:00:01','ff:ff:ff:ff:ff:ff']: allowed: addresses of single stations, such as 52:54:00:12:34:56",
                "{'ports': [{'name':'a','type':'cable','plug':'x','addresses':[]}]} | f:1:50: $.ports[0].addresses: []: allowed: 1 to 1024",
                "{'ports': [{'name':'a','type':'cable','plug':'x','addresses':'52:54:00:00:00:01'}]} | f:1:50: $.ports[0].addresses: '52:54:00:00:00:01': must be an array",
                "{'ports': [{'name':'a','type':'cable','plug':'x','floodLimit':0}]} | f:1:50: $.ports[0].floodLimit: 0: allowed: 1 to 100000000 frames a second",
                "{'switch':{'moveSeconds':60},'ports': []} | f:1:12: $.switch.moveSeconds: 60: allowed: only together with moveLimit",
                "{'switch':{'ageingSeconds':60,'moveLimit':5},'ports': []} | f:1:2: $.switch.moveSeconds: 180: allowed: at most $.switch.ageingSeconds, which is 60: an address that is held",
                "{'ports': [{'name':'a','type':'cable','plug':'x','metres':1.5}]} | f:1:50: $.ports[0].metres: 1.5: must be a whole number of 32 bits",
                "{'ports': [{'name':'a','type':'cable','plug':'x','metres':4294967296}]} | f:1:50: $.ports[0].metres: 4294967296: must be a whole number of 32 bits",
                "{'ports': [{'name':'a','type':'cable','plug':'x','metre':1}]} | f:1:50: $.ports[0].metre: unknown key 'metre': did you mean 'metres'? allowed: addresses, enabled, floodLimit, metres, name, plug, type",
                "{'ports': [{'name':'a','type':'cable','plug':'x','enabled':1}]} | f:1:50: $.ports[0].enabled: 1: must be true or false",
                "{'ports': [], 'switch': 3}                     | f:1:15: $.switch: 3: must be an object",
                "{'ports': [], 'switch': {'ageingSeconds': 0}}  | f:1:26: $.switch.ageingSeconds: 0: allowed: 1 to 1000000",
                "{'ports': [], 'switch': {'ageingSeconds': '5'}} | f:1:26: $.switch.ageingSeconds: '5': must be a whole number of 32 bits",
                "{'ports': [], 'switch': {'idle': 'lazy'}}      | f:1:26: $.switch.idle: 'lazy': allowed: adaptive, busy, sleepy",
                "{'ports': [], 'switch': {'resumeLatencyMicros': -1}} | f:1:26: $.switch.resumeLatencyMicros: -1: allowed: 0 to 1000000",
                "{'ports': [], 'switch': {'adminSocket': 'a'}}  | f:1:26: $.switch.adminSocket: 'a': allowed: an absolute path of at most 107 bytes",
                "{'ports': [], 'switch': {'adminSocket': '/a\\u0000b'}} | f:1:26: $.switch.adminSocket: '/a\\u0000b': allowed: an absolute path of at most 107 bytes",
                "{'ports': [], 'switch': {'adminSocket': '/\\ud800'}} | f:1:26: $.switch.adminSocket: ",
                "{'ports': [], 'switch': {'stateDirectory': '/a\\u0000b'}} | f:1:26: $.switch.stateDirectory: '/a\\u0000b': allowed: an absolute path, or off",
                "{'ports': [], 'switch': {'stateDirectory': 'state'}} | f:1:26: $.switch.stateDirectory: 'state': allowed: an absolute path, or off",
                "{'ports': [], 'switch': {'workers': 2}}        | f:1:26: $.switch.workers: 2: must be an array",
                "{'ports': [], 'switch': {'workers': [2]}}      | f:1:38: $.switch.workers[0]: 2: must be an object",
                "{'ports': [], 'switch': {'workers': []}}       | f:1:26: $.switch.workers: []: allowed: 1 to 64 entries",
                "{'ports': [], 'switch': {'workers': [{'cpu': -1}]}} | f:1:39: $.switch.workers[0].cpu: -1: allowed: the number of a processor, 0 to 8191",
                "{'ports': [], 'switch': {'workers': [{'cpu': 8192}]}} | f:1:39: $.switch.workers[0].cpu: 8192: allowed: the number of a processor, 0 to 8191",
                "{'ports': [], 'switch': {'workers': [{'cpu': 1},{'cpu': 1}]}} | f:1:26: $.switch.workers: [{'cpu':1},{'cpu':1}]: allowed: each processor for one worker",
            })
    void anErrorSaysWhereItIsWhatStandsThereAndWhatIsAllowed(String text, String message) {
        assertThatThrownBy(() -> reader.parse(text.replace('\'', '"').replace("\\n", "\n"), "f"))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(message.replace('\'', '"'))
                .satisfies(e -> assertThat(((ConfigException) e).problems()).hasSize(1));
    }

    private static String port(String limits) {
        return "{\"ports\": [{\"name\": \"a\", \"type\": \"cable\", \"plug\": \"x\", " + limits + "}]}";
    }

    private static String switching(String settings) {
        return "{\"ports\": [], \"switch\": {" + settings + "}}";
    }

    private static String repeated(String element, int times) {
        return String.join(",", Collections.nCopies(times, element));
    }

    static Stream<Arguments> limits() {
        String address = "\"52:54:00:00:00:01\"";
        return Stream.of(
                argumentSet(
                        "workers",
                        switching("\"workers\": [" + repeated("{}", 64) + "]"),
                        switching("\"workers\": [" + repeated("{}", 65) + "]")),
                argumentSet(
                        "admin socket",
                        switching("\"adminSocket\": \"/" + "s".repeat(106) + "\""),
                        switching("\"adminSocket\": \"/" + "s".repeat(107) + "\"")),
                argumentSet(
                        "addresses",
                        port("\"addresses\": [" + repeated(address, 1024) + "]"),
                        port("\"addresses\": [" + repeated(address, 1025) + "]")),
                argumentSet("spinning", switching("\"spinMicros\": 1000000"), switching("\"spinMicros\": 1000001")),
                argumentSet("warming up", switching("\"warmUpMillis\": 10000"), switching("\"warmUpMillis\": 10001")),
                argumentSet(
                        "the latency of idle processors",
                        switching("\"resumeLatencyMicros\": 1000000"),
                        switching("\"resumeLatencyMicros\": 1000001")),
                argumentSet("flood limit", port("\"floodLimit\": 100000000"), port("\"floodLimit\": 100000001")),
                argumentSet(
                        "move limit",
                        switching("\"moveLimit\": 1000000, \"moveSeconds\": 1000000, \"ageingSeconds\": 1000000"),
                        switching("\"moveLimit\": 1000000, \"moveSeconds\": 1000001, \"ageingSeconds\": 1000000")),
                argumentSet(
                        "holding an address no longer than it is remembered",
                        switching("\"moveLimit\": 5, \"moveSeconds\": 60, \"ageingSeconds\": 60"),
                        switching("\"moveLimit\": 5, \"moveSeconds\": 61, \"ageingSeconds\": 60")),
                argumentSet(
                        "holding an address as long as usual",
                        switching("\"moveLimit\": 5, \"ageingSeconds\": 180"),
                        switching("\"moveLimit\": 5, \"ageingSeconds\": 179")),
                argumentSet(
                        "a limit of moves beside an age",
                        switching("\"ageingSeconds\": 10"),
                        switching("\"ageingSeconds\": 10, \"moveLimit\": 5")));
    }

    @ParameterizedTest
    @MethodSource("limits")
    void whatIsAtALimitIsTakenAndWhatIsBeyondRefused(String within, String beyond) {
        assertThatCode(() -> reader.parse(within, "f")).doesNotThrowAnyException();
        assertThatThrownBy(() -> reader.parse(beyond, "f"))
                .isInstanceOfSatisfying(
                        ConfigException.class, e -> assertThat(e.problems()).hasSize(1));
    }

    @Test
    void whatIsKeptOverRestartsIsKeptWhereThatIsAskedForOrNowhere() throws ConfigException {
        assertThat(reader.parse(switching("\"stateDirectory\": \"/srv/patchbay\""), "f")
                        .switching()
                        .statePath())
                .hasValue(Path.of("/srv/patchbay"));
        assertThat(reader.parse(switching("\"stateDirectory\": \"off\""), "f")
                        .switching()
                        .statePath())
                .isEmpty();
        assertThat(reader.parse(switching(""), "f").switching().statePath()).hasValue(Path.of("/var/lib/patchbay"));
    }

    @Test
    void aMemberOfATypeThatThereIsNotIsReportedOnce() {
        String text = """
                {"ports": [{"name": "a", "type": "cable", "plug": "x"},
                           {"name": "b", "type": "wire"},
                           {"name": "up", "type": "active-backup", "members": ["a", "b"]}]}
                """;
        assertThatThrownBy(() -> reader.parse(text, "f"))
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e -> assertThat(e.problems().stream().map(p -> p.line() + " " + p.path()))
                                .containsExactly("2 $.ports[1].type"));
    }

    @Test
    void whatAPairMaySendIsNotLimitedAtItsMembers() {
        String text = """
                {"ports": [{"name": "a", "type": "cable", "plug": "x"},
                           {"name": "b", "type": "cable", "plug": "y", "floodLimit": 5},
                           {"name": "up", "type": "active-backup", "members": ["a", "b"], "floodLimit": 5}]}
                """;
        assertThatThrownBy(() -> reader.parse(text, "f"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll("f:2:", "the port \"b\": cannot have", "member of the pair \"up\"");
    }

    @Test
    void aPairIsMadeOfTwoPortsThatMayStandAnywhere() throws ConfigException {
        Config config = reader.parse("""
                {"ports": [{"name": "up", "type": "active-backup", "members": ["a", "b"], "primary": "b",
                            "failBack": true, "holdDownMillis": 0, "enabled": false},
                           {"name": "a", "type": "cable", "plug": "x"}, {"name": "b", "type": "cable", "plug": "y"}]}
                """, "f");
        assertThat(config.ports()).extracting(Config.PortConfig::name).containsExactly("a", "b");
        assertThat(config.pairs())
                .containsExactly(new Config.PairConfig(
                        "up",
                        false,
                        PortLimits.NONE,
                        new PairSettings(List.of("a", "b"), Optional.of("b"), Optional.of(true), Optional.of(0))));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'members':['a','c']           | members[1]: 'c': is the name of no port",
                "'members':['a','other-nam']   | members[1]: 'other-nam': is the name of no port; did you mean 'other-name'?",
                "'members':['a','up']          | members[1]: 'up': is a pair itself",
                "'members':['a','r']           | members[1]: 'r': is of type rope; allowed: cable",
                "'members':['a','taken']       | members[1]: 'taken': is a member of 'first' already, at $.ports[0].members[0]",
                "'members':['a','a']           | members: ['a','a']: allowed: the names of two ports",
                "'members':['a']               | members: ['a']: allowed: the names of two ports",
                "'members':['a','b','r']       | members: ['a','b','r']: allowed: the names of two ports",
                "'members':'a'                 | members: 'a': must be an array",
                "'members':['a',null]          | members[1]: null: must be a string",
                "'members':['a',5]             | members[1]: 5: must be a string",
                "'primary':'a'                 | the key 'members': is missing",
                "'members':['a','b'],'primary':'r' | primary: 'r': allowed: a member: a, b",
                "'members':['a','b'],'failBack':true | failBack: true: allowed: only with a 'primary'",
                "'members':['a','b'],'holdDownMillis':1 | holdDownMillis: 1: allowed: only with a 'primary'",
                "'members':['a','b'],'primary':'a','failBack':5 | failBack: 5: must be true or false",
                "'members':['a','b'],'primary':'a','holdDownMillis':-1 | holdDownMillis: -1: allowed: 0 to 3600000",
                "'members':['a','b'],'primery':'a' | primery: unknown key 'primery': did you mean 'primary'? allowed: addresses, enabled, failBack, floodLimit, holdDownMillis, members, name, primary, type",
            })
    void aPairThatCannotBeIsRefused(String keys, String message) {
        ConfigReader both = new ConfigReader(List.of(
                new Cables("cable", CableSettings.class, true), new Cables("rope", CableSettings.class, false)));
        String text = """
                {"ports": [{"name": "first", "type": "active-backup", "members": ["taken", "other-name"]},
                           {"name": "up", "type": "active-backup", %s},
                           {"name": "a", "type": "cable", "plug": "1"}, {"name": "b", "type": "cable", "plug": "2"},
                           {"name": "taken", "type": "cable", "plug": "3"}, {"name": "other-name", "type": "cable", "plug": "4"},
                           {"name": "r", "type": "rope", "plug": "5"}]}
                """.formatted(keys.replace('\'', '"'));
        assertThatThrownBy(() -> both.parse(text, "f"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(message.replace('\'', '"'))
                .satisfies(e -> assertThat(((ConfigException) e).problems())
                        .singleElement()
                        .satisfies(problem -> assertThat(problem.line()).isEqualTo(2)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "9466",
                ":9466",
                "localhost",
                "localhost:",
                "localhost:65536",
                "localhost:-1",
                "256.0.0.1:9466",
                "1.2.3:9466",
                "a b:9466",
                "::1:9466",
                "[::1:9466",
                "[::g]:9466",
                "",
                "OFF"
            })
    void aBadAddressForTheMetricsIsRefused(String address) {
        assertThatThrownBy(() ->
                        reader.parse("{\"ports\": [], \"switch\": {\"metricsAddress\": \"" + address + "\"}}", "f"))
                .hasMessage("f:1:26: $.switch.metricsAddress: \"" + address
                        + "\": allowed: host:port, such as 127.0.0.1:9466 or [::1]:9466, or off");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1:0",
                "0.0.0.0:65535",
                "[::1]:9466",
                "[fe80::1]:1",
                "localhost:1",
                "vm-host.example:80",
                "off"
            })
    void aGoodAddressForTheMetricsIsTaken(String address) throws ConfigException {
        Config config = reader.parse("{\"ports\": [], \"switch\": {\"metricsAddress\": \"" + address + "\"}}", "f");
        assertThat(config.switching().metricsAddress()).contains(address);
    }

    @Test
    void everyErrorIsReportedAtOnceInTheOrderOfTheFile() {
        String text = """
                {
                  "prots": [],
                  "ports": [
                    {"name": "a", "type": "cable", "plug": "z", "metres": 101, "colour": "red", "length": 1},
                    {"name": "a", "type": "cable", "plug": "x"},
                    {"type": "rope"}
                  ],
                  "switch": {"idle": "lazy", "workers": [{"cpu": -1}, {"cpus": 1}], "macLimit": "many"}
                }
                """;
        assertThatThrownBy(() -> reader.parse(text, "f"))
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e -> assertThat(e.problems().stream().map(p -> p.line() + " " + p.path()))
                                .containsExactly(
                                        "2 $.prots",
                                        "4 $.ports[0].metres",
                                        "4 $.ports[0].colour",
                                        "4 $.ports[0].length",
                                        "5 $.ports[1].name",
                                        "6 $.ports[2]",
                                        "6 $.ports[2].type",
                                        "8 $.switch.idle",
                                        "8 $.switch.workers[0].cpu",
                                        "8 $.switch.workers[1].cpus",
                                        "8 $.switch.macLimit"));
    }

    @Test
    void aMisspeltKeyIsReportedBesideTheOneThatIsMissingForIt() {
        String text = """
                {"ports": [
                  {"name": "a", "type": "cable", "plugg": "x", "metres": "1"},
                  {"name": "b", "typ": "cable", "plug": "y", "addresses": []},
                  {"nmae": "c", "type": "cable", "plug": "z"}
                ]}
                """;
        assertThatThrownBy(() -> reader.parse(text, "f")).hasMessage("""
                f:2:3: $.ports[0]: the key "plug": is missing
                f:2:34: $.ports[0].plugg: unknown key "plugg": did you mean "plug"? allowed: addresses, enabled, floodLimit, metres, name, plug, type
                f:2:48: $.ports[0].metres: "1": must be a whole number of 32 bits
                f:3:3: $.ports[1]: the key "type": is missing
                f:3:17: $.ports[1].typ: unknown key "typ": did you mean "type"?
                f:3:46: $.ports[1].addresses: []: allowed: 1 to 1024
                f:4:3: $.ports[2]: the key "name": is missing
                f:4:4: $.ports[2].nmae: unknown key "nmae": did you mean "name"? allowed: addresses, enabled, floodLimit, metres, name, plug, type""");
    }

    @Test
    void anElementThatIsWrongHidesNothingElse() {
        String text = "{\"ports\": [], \"switch\": {\"workers\": [2, {\"cpus\": 1}], \"idle\": \"lazy\"}}";
        assertThatThrownBy(() -> reader.parse(text, "f"))
                .hasMessageContainingAll(
                        "$.switch.workers[0]: 2: must be an object",
                        "$.switch.workers[1].cpus: unknown key \"cpus\": did you mean \"cpu\"? allowed: cpu",
                        "$.switch.idle: \"lazy\": allowed: ");
    }

    @Test
    void everyKeyGivenTwiceIsReported() {
        String text = "{\"ports\":[{\"name\":\"a\",\"name\":\"b\"}],\n\"switch\":{},\"switch\":{}}";
        assertThatThrownBy(() -> reader.parse(text, "f"))
                .hasMessageContaining("f:1:12: $.ports[0].name: the key \"name\": is given again in line 1")
                .hasMessageContaining("f:2:1: $.switch: the key \"switch\": is given again in line 2");
    }

    @Test
    void twoPortsCannotHaveTheSameName() {
        String text =
                "{\"ports\":[{\"name\":\"a\",\"type\":\"cable\",\"plug\":\"x\"},\n{\"name\":\"a\",\"type\":\"cable\",\"plug\":\"y\"}]}";
        assertThatThrownBy(() -> reader.parse(text, "f"))
                .hasMessage("f:2:2: $.ports[1].name: \"a\": is the name of another port already, at $.ports[0].name");
    }

    @Test
    void twoPortsCannotClaimTheSameThing() {
        String text =
                "{\"ports\":[{\"name\":\"a\",\"type\":\"cable\",\"plug\":\"x\"},{\"name\":\"b\",\"type\":\"cable\",\"plug\":\"y/../x\"}]}";
        assertThatThrownBy(() -> reader.parse(text, "f"))
                .hasMessageEndingWith("$.ports[1].plug: socket /x: is used by port \"a\" ($.ports[0]) already");
    }

    @Test
    void aPortCannotClaimTheSocketOfTheAdminApi() {
        String text = "{\"ports\":[{\"name\":\"a\",\"type\":\"cable\",\"plug\":\"run/patchbay/admin.sock\"}]}";
        assertThatThrownBy(() -> reader.parse(text, "f"))
                .hasMessageEndingWith("socket /run/patchbay/admin.sock: is used by the admin API ($.switch) already");
    }

    @Test
    void aFileThatCannotBeReadIsNamed() {
        assertThatThrownBy(() -> reader.read(Path.of("no-such-file.json")))
                .hasMessage("no-such-file.json: $: the file: cannot be read: it does not exist");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "``               | f: $: the file: is empty; it must hold an object",
                "` \\n`            | f: $: the file: is empty; it must hold an object",
                "{                | f:1:2: $: not valid JSON: the text ends too early: something that was opened is not closed",
                "{'ports'         | f:1:9: $.ports: not valid JSON: the text ends too early: something that was opened is not closed",
                "{'ports': [      | f:1:12: $.ports: not valid JSON: the text ends too early: something that was opened is not closed",
                "{'ports': [{},   | f:1:15: $.ports[1]: not valid JSON: the text ends too early: something that was opened is not closed",
                "{'ports': 'a     | f:1:13: $.ports: not valid JSON: the text ends too early: something that was opened is not closed",
                "{'ports': [}     | f:1:12: $.ports: not valid JSON: Unexpected close marker '}': expected ']'",
                "{'ports': +1}    | f:1:12: $.ports: not valid JSON: Unexpected character ('+' (code 43)) in numeric value: JSON spec does not allow numbers to have plus signs",
                "{'ports': NaN}   | f:1:14: $.ports: not valid JSON: Non-standard token 'NaN'",
                "/* */ {}         | f:1:1: $: not valid JSON: Unexpected character ('/' (code 47)): maybe a (non-standard) comment?",
                "{} {}            | f:1:4: $: not valid JSON: there is more text after the end",
            })
    void textThatIsNoJsonIsExplainedToOperatorsNotToProgrammers(String text, String message) {
        assertThatThrownBy(() -> reader.parse(text.replace('\'', '"').replace("\\n", "\n"), "f"))
                .isInstanceOf(ConfigException.class)
                .hasMessage(message);
    }

    static Stream<Arguments> texts() {
        return Stream.of(
                argumentSet(
                        "nesting",
                        "\n" + "[".repeat(600),
                        "f:2:501: $" + "[0]".repeat(53) + "...: not valid JSON: Document nesting depth (501)"),
                argumentSet(
                        "a whole number",
                        port("\"metres\": " + "1".repeat(2000)),
                        "f:1:56: $.ports[0].metres: not valid JSON: Number value length (2000)"),
                argumentSet(
                        "a fraction",
                        port("\"metres\": 0." + "1".repeat(2000)),
                        "f:1:56: $.ports[0].metres: not valid JSON: Number value length (2000)"),
                argumentSet("a key", "{\"" + "k".repeat(60_000) + "\": 1}", "f:1:1: $: not valid JSON: Name length ("));
    }

    @ParameterizedTest
    @MethodSource("texts")
    void whatIsTooLongOrTooDeepToBeReadIsAnErrorWithAPlace(String text, String message) {
        assertThatThrownBy(() -> reader.parse(text, "f"))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(message)
                .hasMessageMatching(".* exceeds the maximum allowed \\(\\d+\\)");
    }

    @Test
    void manyPortsAreTooMany() {
        assertThatThrownBy(() -> reader.parse("{\"ports\": [" + "{},".repeat(4096) + "{}]}", "f"))
                .hasMessage("f:1:2: $.ports: 4097 ports: allowed: at most 4096");
    }
}
