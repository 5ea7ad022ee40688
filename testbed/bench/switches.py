"""Switches to be compared: each with two vhost-user ports, on processor 0, one of them stopped at any time."""

import atexit
import json
import os
import re
import select
import signal
import statistics
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def build(checkout=ROOT):
    """Builds a checkout if its sources are newer than what was built, so that nothing does while something is measured."""
    subprocess.run([checkout / "patchbay", "bench", "--help"], check=True, stdout=subprocess.DEVNULL)


class Switch:
    """One switch with vhost-user server ports, on processor 0."""

    listens = True

    def __init__(self, name, directory, ports=2):
        self.name = name
        self.directory = directory
        self.sockets = [directory / f"vm{i}.sock" for i in range(ports)]
        self.processes = []
        atexit.register(self.kill)
        directory.mkdir()

    def await_sockets(self):
        self.wait_until(lambda: all(socket.is_socket() for socket in self.sockets))

    def await_log(self, text):
        self.wait_until(lambda: text in self.logs())

    def wait_until(self, up):
        deadline = time.monotonic() + 30
        while not up():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not come up:\n{self.logs()}")
            time.sleep(0.1)

    def logs(self):
        return "\n".join(log.read_text(errors="replace") for log in self.directory.glob("*.log"))

    def signal(self, number):
        for pid in self.pids():
            os.kill(pid, number)

    def pids(self):
        return [process.pid for process in self.processes]

    def processor_seconds(self):
        """What all threads have used so far."""
        fields = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in self.pids()]
        return sum(int(field[11]) + int(field[12]) for field in fields) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.processes:
            process.wait(20)

    def kill(self):
        """Leaves nothing behind, however far it came."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()


class Patchbay(Switch):
    def __init__(self, checkout, name, directory, idle="busy", ports=2, uplinks=(), namespace=None, metrics="off", **more):
        super().__init__(name, directory, ports)
        config = {
            "switch": {
                "adminSocket": str(directory / "admin.sock"),
                "stateDirectory": "off",
                "metricsAddress": metrics,
                "workers": [{"cpu": 0}],
                "idle": idle,
                **more,
            },
            "ports": [
                *uplinks,
                *({"name": f"vm{i}", "type": "vhost-user", "socket": str(socket)} for i, socket in enumerate(self.sockets)),
            ],
        }
        (directory / "patchbay.json").write_text(json.dumps(config))
        self.processes.append(
            subprocess.Popen(
                within(namespace, "taskset", "-c", "0", checkout / "patchbay", "run", "--config", directory / "patchbay.json"),
                stdout=(directory / "patchbay.log").open("w"),
                stderr=subprocess.STDOUT,
            )
        )
        self.await_sockets()


class OvsDpdk(Switch):
    """With one PMD, and uplinks: name and settings of the Interface. With tso it takes frames to be segmented, and connects to guests that listen."""

    def __init__(self, directory, ports=2, uplinks=(), namespace=None, tso=False, mtu=9000, bridge=()):
        super().__init__("ovs-dpdk", directory, ports)
        self.environment = os.environ | {k: str(directory) for k in ("OVS_RUNDIR", "OVS_DBDIR", "OVS_LOGDIR", "OVS_SYSCONFDIR")}
        self.database = f"unix:{directory}/db.sock"
        self.run("ovsdb-tool", "create", directory / "conf.db", "/usr/share/openvswitch/vswitch.ovsschema")
        self.daemon("ovsdb-server", directory / "conf.db", f"--remote=punix:{directory}/db.sock")
        deadline = time.monotonic() + 20
        while not (directory / "db.sock").is_socket() and time.monotonic() < deadline:
            time.sleep(0.1)
        self.vsctl("--no-wait", "init")
        self.vsctl("--no-wait", "set", "Open_vSwitch", ".", "other_config:dpdk-init=true",
                   f"other_config:dpdk-socket-mem={1024 if tso else 512}", "other_config:pmd-cpu-mask=0x1", "other_config:dpdk-lcore-mask=0x1",
                   f"other_config:userspace-tso-enable={str(tso).lower()}",
                   "other_config:dpdk-extra=--no-pci --in-memory --single-file-segments")  # fmt: skip
        self.daemon(*within(namespace, "/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk"), self.database)
        self.vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev", *bridge)
        for socket in self.sockets:
            # A server's frames to be segmented find no buffers (OVS 3.1), and buffers for frames of 9000 bytes leave no memory for theirs.
            kind = (("type=dpdkvhostuserclient", f"options:vhost-server-path={socket}") if tso
                    else ("type=dpdkvhostuser", f"mtu_request={mtu}"))  # fmt: skip
            self.vsctl("add-port", "br0", socket.name, "--", "set", "Interface", socket.name, *kind)
        for name, *settings in uplinks:
            self.vsctl("add-port", "br0", name, "--", "set", "Interface", name, *settings)
            error = self.run("ovs-vsctl", f"--db={self.database}", "get", "Interface", name, "error").strip()
            if error != "[]":
                raise RuntimeError(f"{self.name} cannot use {name} ({' '.join(settings)}): {error}")
        self.listens = not tso
        if self.listens:
            self.await_sockets()

    def run(self, *command):
        """What the command printed."""
        ran = subprocess.run(command, env=self.environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, text=True)
        return ran.stdout

    def vsctl(self, *arguments):
        self.run("ovs-vsctl", f"--db={self.database}", *arguments)

    def daemon(self, program, *arguments):
        log = (self.directory / f"daemon{len(self.processes)}.log").open("w")
        self.processes.append(
            subprocess.Popen([program, *arguments], env=self.environment, stdout=log, stderr=log, cwd=self.directory))


def only(switches, which):
    """Lets one switch run, and stops the others."""
    for switch in switches:
        switch.signal(signal.SIGCONT if switch is which else signal.SIGSTOP)


def in_turn(pairs, measure):
    """What measure(0) and measure(1) give, pair by pair. Which of the two begins alternates."""
    for n in range(pairs):
        both = [None, None]
        for which in (0, 1) if n % 2 == 0 else (1, 0):
            both[which] = measure(which)
        yield both


def spread(values, form=".2f"):
    """The median, and the range."""
    values = sorted(values)
    return f"{statistics.median(values):{form}} ({values[0]:{form}} to {values[-1]:{form}})"


def within(namespace, *command):
    """The command, to be run in a network namespace if one is given."""
    return [*(("ip", "netns", "exec", namespace) if namespace else ()), *command]


def testpmd(processor, prefix, vdevs, *options):
    """The command for a dpdk-testpmd on one processor, with ports of those virtual devices."""
    return ["dpdk-testpmd", "--lcores", f"0@{processor},1@{processor}", "--main-lcore", "0", "--in-memory", "--single-file-segments",
            "-m", "512", "--no-pci", f"--file-prefix=patchbay-{prefix}", *(f"--vdev={vdev}" for vdev in vdevs), "--", *options]  # fmt: skip


class Conversation:
    """A program that is told lines and says something."""

    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)  # fmt: skip
        atexit.register(self.kill)
        self.text = ""

    def await_text(self, pattern, seconds=30):
        """What was said since the last call, up to and with the first match."""
        deadline = time.monotonic() + seconds
        while not (match := re.search(pattern, self.text, re.DOTALL)):
            ready = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))[0]
            piece = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not piece:
                raise RuntimeError(f"{self.name} did not say {pattern}, but:\n{self.text[-4000:]}")
            self.text += piece.decode(errors="replace")
        said, self.text = self.text[: match.end()], self.text[match.end() :]
        return said

    def command(self, line, answer):
        self.process.stdin.write(line.encode() + b"\n")
        return self.await_text(answer)

    def pids(self):
        return [self.process.pid]

    def kill(self):
        self.process.kill()
        self.process.wait()


class Testpmd(Conversation):
    """An interactive dpdk-testpmd on processor 1."""

    def __init__(self, prefix, vdevs, *options, namespace=None):
        super().__init__("testpmd", within(namespace, "stdbuf", "-oL", *testpmd(1, prefix, vdevs, "-i", "--nb-cores=1", *options)))
        self.await_text(r"testpmd> $")


class Guests(Testpmd):
    """One testpmd with two ports on each switch: ports 0 and 1 on the first, 2 and 3 on the second."""

    def __init__(self, switches, vdev_options):
        vdevs = []
        for s, (switch, options) in enumerate(zip(switches, vdev_options)):
            for i, socket in enumerate(switch.sockets):
                # testpmd sends frames of port p to 02:00:00:00:00:p: they arrive, and are not flooded, if that is its neighbour's address.
                port = 2 * s + i
                vdevs.append(f"net_virtio_user{port},path={socket},mac=02:00:00:00:00:0{port ^ 1},queue_size=256{options}")
        super().__init__("bench", vdevs, "--forward-mode=io", "--total-num-mbufs=4096", "--mbcache=512")
        self.ports = len(vdevs)

    def top_up(self):
        """Frames that were lost on the way are replaced: as many are in flight at either switch as its rings hold."""
        self.command("stop", r"Done\.|not started")
        self.command("start tx_first 8", r"packet forwarding packets/burst")

    def rates(self):
        """Frames a second received at each port since the last call."""
        said = self.command("show port stats all", r"(Rx-pps:.*?){%d}Tx-pps: *\d+" % self.ports)
        return [int(rate) for rate in re.findall(r"Rx-pps: *(\d+)", said)]

    def learn(self, size):
        self.process.stdin.write(f"set txpkts {size}\n".encode())
        self.command("start tx_first 1", r"packet forwarding packets/burst")
        time.sleep(0.5)


class Segments(Conversation):
    """Guests and, in one program, who sends them frames to be segmented, from the network's side of the uplinks."""

    def __init__(self, sides, network):
        places = [str(place) for side in sides for place in (side.device, side.switch.sockets[0])]
        subprocess.run((ROOT / "testbed/bench/in-process", "SegmentsIn"), check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)  # builds it
        super().__init__("SegmentsIn", within(network.name, "taskset", "-c", "1", "env", "PATCHBAY_BENCH_BUILT=1",
                                              ROOT / "testbed/bench/in-process", "SegmentsIn", *places))  # fmt: skip
        self.await_text(r"Ready\.")
        self.direction = "tsoin"
        self.network = network

    def start(self, which, size):
        self.command(f"start {which}", r"Started\.")

    def rates(self, which):
        """Bytes a second since the last call; a frame that was lost is said."""
        rate, lost = re.search(r"rate: (\d+) lost: (\d+)", self.command("rate", r"rate: .*\n")).groups()
        if int(lost) > 0:
            print(f"{lost} frames were lost so far", flush=True)
        return int(rate), 0


class VhostLibrary(Switch):
    """DPDK's own vhost library with nothing around it."""

    def __init__(self, directory):
        super().__init__("vhost-library", directory)
        vdevs = [f"net_vhost{i},iface={socket},queues=1" for i, socket in enumerate(self.sockets)]
        self.processes.append(
            subprocess.Popen(
                testpmd(0, "vhost", vdevs, "--forward-mode=io", "--nb-cores=1", "--auto-start", "--stats-period=1000000",
                        "--no-lsc-interrupt"),
                stdin=subprocess.PIPE, stdout=(directory / "testpmd.log").open("w"), stderr=subprocess.STDOUT))  # fmt: skip
        self.await_sockets()


def peer(name, directory):
    if name == "ovs-dpdk":
        return OvsDpdk(directory)
    if name == "vhost-library":
        return VhostLibrary(directory)
    return Patchbay(Path(name).resolve(), name, directory)
