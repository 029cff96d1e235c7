# SPDX-License-Identifier: GPL-3.0-or-later
# cluster.sh - a Slurm cluster in namespaces of this machine, for tests
#
# Needs root and the packages slurm-wlm munge iproute2. Every node has network, process, host name and mount namespaces of its own and one
# link to a bridge, so it can lose power (kill its first process) or its network (take the link down). The host "login" has the
# server, slurmctld, and is where commands are given. Nothing of it touches the machine's own network or services.
#
#   cluster_start NODES CPUS     up, when all nodes are idle
#   cluster COMMAND...           on the login host
#   cluster_power_off NODE, cluster_power_on NODE, cluster_cut NODE, cluster_mend NODE
#   cluster_server_kill, cluster_server_start
#   cluster_stop                 ends what was started, by its process ids

cluster_missing() { # prints what keeps the cluster from being started
    [ "$(id -u)" = 0 ] || { echo "it takes root"; return; }
    local tool
    for tool in slurmctld slurmd sbatch srun munged ip unshare nsenter; do
        command -v $tool >/dev/null 2>&1 || { echo "there is no $tool (Debian: slurm-wlm munge iproute2 util-linux)"; return; }
    done
    unshare --net --pid --uts --mount --fork true 2>/dev/null || echo "namespaces cannot be made here"
}

cluster_nodes() { seq -f "node%g" "$nodes"; }
cluster_address() { [ "$1" = login ] && echo 10.91.0.254 || echo "10.91.0.${1#node}"; }

# host NAME COMMAND...: in a host's network, with its name; login has no process namespace.
cluster_in() {
    local host=$1
    shift
    nsenter --net="/run/netns/$net-$host" unshare --uts --mount bash -c 'hostname "$1"; mount --bind "$2" /etc/hosts; shift 2; exec "$@"' - "$host" "$root/hosts" "$@"
}
cluster() { cluster_in login "$@"; }

cluster_join() { # HOST: its network
    ip netns add "$net-$1"
    ip -n "$net-$1" link set lo up
    if [ "$1" = login ]; then
        ip -n "$net-login" link add bridge type bridge
        ip -n "$net-login" addr add "$(cluster_address login)/24" dev bridge
        ip -n "$net-login" link set bridge up
    else
        ip -n "$net-login" link add "to-$1" type veth peer name eth0 netns "$net-$1"
        ip -n "$net-login" link set "to-$1" master bridge up
        ip -n "$net-$1" addr add "$(cluster_address "$1")/24" dev eth0
        ip -n "$net-$1" link set eth0 up
    fi
    echo "$(cluster_address "$1") $1" >>"$root/hosts"
}

cluster_configure() { # CPUS
    local node memory
    memory=$(awk -v n="$nodes" '/^MemTotal/ {print int($2 / 1024 / n / 2)}' /proc/meminfo)
    {
        cat <<EOF
ClusterName=test
SlurmctldHost=login($(cluster_address login))
SlurmUser=root
SlurmdUser=root
SlurmctldPort=6917
SlurmdPort=6918
AuthType=auth/munge
AuthInfo=socket=$root/munge/socket
StateSaveLocation=$root/state
SlurmdSpoolDir=$root/spool/%n
SlurmctldPidFile=$root/server.pid
SlurmdPidFile=$root/%n-slurmd.pid
SlurmctldLogFile=$root/log/server
SlurmdLogFile=$root/log/%n
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,bf_resolution=5,batch_sched_delay=0,sched_min_interval=50000
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
ReturnToService=2
SlurmdTimeout=10
MessageTimeout=5
KillWait=5
MaxArraySize=1001
SlurmdParameters=config_overrides
EOF
        for node in $(cluster_nodes); do
            echo "NodeName=$node NodeAddr=$(cluster_address "$node") CPUs=$1 RealMemory=$memory State=UNKNOWN"
        done
        echo "PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE PriorityTier=1 PreemptMode=REQUEUE GraceTime=5"
        echo "PartitionName=urgent Nodes=ALL MaxTime=INFINITE PriorityTier=9 PreemptMode=OFF"
    } >"$root/slurm.conf"
    echo "PMIxCliTmpDirBase=$root/pmix" >"$root/mpi.conf"
}

cluster_start() { # NODES CPUS
    nodes=$1
    root=$(mktemp -d /tmp/ashlar-cluster.XXXXXX)
    net=ac$$
    mkdir -p "$root"/{munge,state,log,spool,pmix}
    chmod 755 "$root"
    chmod 711 "$root/munge"
    export SLURM_CONF=$root/slurm.conf
    head -c 128 /dev/urandom >"$root/munge/key"
    chmod 600 "$root/munge/key"
    munged --force --key-file="$root/munge/key" --socket="$root/munge/socket" --pid-file="$root/munge/pid" --log-file="$root/log/munged" \
        --seed-file="$root/munge/seed" --num-threads=4 || return 1
    echo "127.0.0.1 localhost" >"$root/hosts"
    local host
    for host in login $(cluster_nodes); do cluster_join "$host"; done
    cluster_configure "$2"
    cluster_server_start -c
    for host in $(cluster_nodes); do cluster_power_on "$host"; done
    for _ in $(seq 200); do
        [ "$(cluster sinfo -h -p main -t idle -o %D 2>/dev/null)" = "$nodes" ] && return 0
        sleep 0.1
    done
    echo "the cluster did not come up" >&2
    tail -n 5 "$root"/log/* >&2
    return 1
}

cluster_server_start() { cluster slurmctld -f "$SLURM_CONF" "$@"; }
cluster_server_kill() { kill -9 "$(cat "$root/server.pid")"; }

cluster_power_on() { # NODE: slurmd is the first process of a process namespace
    mkdir -p "$root/spool/$1" "$root/tmp/$1"
    setsid nsenter --net="/run/netns/$net-$1" unshare --pid --fork --kill-child --mount-proc --uts --mount bash -c '
        hostname "$1"
        mount --bind "$2/hosts" /etc/hosts
        mount --bind "$2/tmp/$1" "$2/pmix"
        mkdir -p "$2/cgroup"   # sysfs shows the interfaces of this namespace, cgroups stay
        mount --rbind /sys/fs/cgroup "$2/cgroup"
        mount -t sysfs sysfs /sys
        mount --rbind "$2/cgroup" /sys/fs/cgroup
        exec slurmd -D -f "$2/slurm.conf" -N "$1"' - "$1" "$root" >>"$root/log/$1.out" 2>&1 </dev/null &
    echo $! >"$root/$1.pid"
    disown
}
cluster_power_off() { # NODE: everything on it is gone at once
    kill -9 "$(cat "$root/$1.pid")"
    rm "$root/$1.pid"
}
cluster_cut() { ip -n "$net-login" link set "to-$1" down; }
cluster_mend() { ip -n "$net-login" link set "to-$1" up; }

cluster_stop() {
    [ -n "${root:-}" ] || return 0
    local host file
    for file in "$root"/node*.pid "$root/server.pid" "$root/munge/pid"; do
        [ -s "$file" ] && kill -9 "$(cat "$file")" 2>/dev/null
    done
    for host in login $(cluster_nodes); do ip netns del "$net-$host" 2>/dev/null; done
    sleep 0.2
    rm -rf "$root"
    root=
}
