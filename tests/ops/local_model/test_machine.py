"""What a machine or its container has left, from the files in which Linux says so."""

import pytest

from langai_site.processes.local_model import choice, machine

MEMINFO = "MemTotal:       16000000 kB\nMemFree:         100 kB\nMemAvailable:    8000000 kB\n"
FREE = 8_000_000 * 1024


@pytest.fixture
def root(tmp_path):
    """`root({path: text})`: a machine with these files."""

    def make(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return make


def test_without_limits_it_is_what_the_machine_has(root):
    found = root({"proc/meminfo": MEMINFO, "proc/self/cgroup": "0::/user\n", "sys/fs/cgroup/user/memory.max": "max\n"})
    assert machine.available_memory(found) == FREE


def test_a_containers_limit_counts_and_what_can_be_read_again_is_free(root):
    found = root(
        {
            "proc/meminfo": MEMINFO,
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/memory.max": "4000000000\n",
            "sys/fs/cgroup/memory.current": "3000000000\n",
            "sys/fs/cgroup/memory.stat": "anon 1\ninactive_file 2000000000\n",
            "sys/fs/cgroup/cpu.max": "50000 100000\n",
        }
    )
    assert machine.available_memory(found) == 3_000_000_000
    assert machine.processors(found) == 1


def test_the_limit_of_a_group_around_it_counts_as_well(root):
    found = root(
        {
            "proc/meminfo": MEMINFO,
            "proc/self/cgroup": "0::/system.slice/langai.service\n",
            "sys/fs/cgroup/system.slice/memory.max": "1000000\n",
            "sys/fs/cgroup/system.slice/langai.service/memory.max": "max\n",
        }
    )
    assert machine.available_memory(found) == 1_000_000


def test_the_older_version_of_control_groups_is_read_too(root):
    found = root(
        {
            "proc/meminfo": MEMINFO,
            "proc/self/cgroup": "4:memory:/docker/x\n1:cpu,cpuacct:/docker/x\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "2000000\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": "500000\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "100000\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        }
    )
    assert machine.available_memory(found) == 1_500_000
    assert machine.processors(found) == 1


def test_where_nobody_says_nothing_is_known(tmp_path):
    assert machine.available_memory(tmp_path) is None
    assert machine.processors(tmp_path) >= 1


def test_this_machine_says():
    assert machine.available_memory() > 10_000_000


def test_one_processor_is_left_for_the_rest_unless_threads_are_set():
    assert choice.threads(3) == 3
    assert choice.threads(0) == max(1, machine.processors() - 1)
