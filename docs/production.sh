#!/usr/bin/env bash
# A whole production set-up on one machine: PostgreSQL, Prefect's server on it, a pool with a process worker, Dask.
# docs/production.md says what each part is for, and how it is spread over machines.
#
#     docs/production.sh ROOT [PREFECT_YAML]      runs until it is stopped, and ends all that it started
#
# ROOT holds the database, the logs, and what the deployments read and write: incoming/, out/, labels.csv.
# SWOPE_HOST (127.0.0.1), SWOPE_PREFECT_PORT (4200), SWOPE_POSTGRES_PORT (5432), SWOPE_DASK_PORT (8786) and
# SWOPE_WORKERS (cores) may be set.
set -euo pipefail

root=$(mkdir -p "$1" && cd "$1" && pwd)
deployments=$(realpath "${2:-prefect.yaml}")
host=${SWOPE_HOST:-127.0.0.1}
prefect_port=${SWOPE_PREFECT_PORT:-4200}
postgres_port=${SWOPE_POSTGRES_PORT:-5432}
dask_port=${SWOPE_DASK_PORT:-8786}
python=${SWOPE_PYTHON:-python}

# Nothing is told to anybody.
export DO_NOT_TRACK=1 PREFECT_SERVER_ANALYTICS_ENABLED=false PREFECT_CLI_PROMPT=false
export PREFECT_HOME=$root/prefect SWOPE_DASK=tcp://$host:$dask_port
export PREFECT_SERVER_DATABASE_CONNECTION_URL=postgresql+asyncpg://swope@127.0.0.1:$postgres_port/postgres
export PREFECT_API_URL=http://$host:$prefect_port/api

postgres_bin=$(dirname "$(command -v initdb || ls /usr/lib/postgresql/*/bin/initdb | tail -n 1)")
# PostgreSQL refuses to be root. This takes the place of the shell that it is called in.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then exec setpriv --reuid postgres --regid postgres --clear-groups "$@"; else exec "$@"; fi
}

pids=()
start() { # NAME COMMAND...: in the background, its words in ROOT/logs/NAME
    "${@:2}" >"$root/logs/$1" 2>&1 &
    pids+=($!)
}
family() { # PROCESS...: their ids, and those of all that they have started, in whatever session
    local one
    for one; do
        echo "$one"
        family $(pgrep -P "$one" || true)
    done
}
of_this_root() { # what was started with this ROOT, where the system says so (Linux)
    grep -lszFx "PREFECT_HOME=$root/prefect" /proc/[0-9]*/environ | cut -d / -f 3 || true
}
end() { # SIGNAL PROCESS...: what does not end within 5 s is killed
    kill -"$1" "${@:2}" 2>/dev/null || true
    for ((k = 0; k < 50; k++)); do
        kill -0 "${@:2}" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL "${@:2}" 2>/dev/null || true
}
finish() {
    # to be asked again changes nothing
    trap '' TERM INT
    # the last part first, with its runs, for which it would wait: so they can still tell the server that they end
    for ((i = ${#pids[@]} - 1; i > 0; i--)); do
        end TERM $(family "${pids[i]}")
    done
    # PostgreSQL waits for its clients to leave where it is asked to end, and not where it is interrupted
    [ "${#pids[@]}" = 0 ] || end INT "${pids[0]}"
    # a run that began meanwhile is nobody's child any more
    end TERM $(of_this_root)
}
trap finish EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
until_it_works() { # SECONDS COMMAND...
    for ((i = 0; i < $1 * 4; i++)); do
        "${@:2}" >/dev/null 2>&1 && return
        sleep 0.25
    done
    echo "production.sh: ${*:2} does not work after $1 s; see $root/logs" >&2
    exit 1
}

mkdir -p "$root"/{logs,incoming,out,prefect}
cd "$root"

# 1. The database: SQLite cannot take many runs at once.
if [ ! -d "$root/postgres/base" ]; then
    mkdir -p "$root/postgres"
    [ "$(id -u)" != 0 ] || chown postgres: "$root/postgres"
    (as_postgres "$postgres_bin/initdb" -D "$root/postgres" -U swope --auth trust) >"$root/logs/initdb" 2>&1
fi
start postgres as_postgres "$postgres_bin/postgres" -D "$root/postgres" -p "$postgres_port" -h 127.0.0.1 -k "$root/postgres"
until_it_works 60 bash -c "exec 3<>/dev/tcp/127.0.0.1/$postgres_port"

# 2. Prefect's server, with the scheduler in it.
start server "$python" -m prefect server start --host "$host" --port "$prefect_port"
until_it_works 180 "$python" -c "import urllib.request as u; u.urlopen('$PREFECT_API_URL/health')"

# 3. Dask: a scheduler, and workers of one thread each.
start dask-scheduler "$python" -m distributed.cli.dask_scheduler --host "$host" --port "$dask_port" --no-dashboard
start dask-worker "$python" -m distributed.cli.dask_worker "$SWOPE_DASK" --nthreads 1 \
    --nworkers "${SWOPE_WORKERS:-$(nproc)}" --no-dashboard --local-directory "$root/dask"

# 4. The pool, the deployments with their schedules, and a worker that starts a process for each run.
"$python" -m prefect work-pool create swope --type process --overwrite >"$root/logs/pool" 2>&1
"$python" -c 'import sys; from swope.flows.cli import main; sys.exit(main())' \
    serve --pool swope --file "$deployments" >"$root/logs/deploy" 2>&1
start worker "$python" -m prefect worker start --pool swope --type process

echo "production.sh: runs in $root, Prefect at http://$host:$prefect_port" >&2
wait -n "${pids[@]}" || true
echo "production.sh: one of its parts has ended; see $root/logs" >&2
exit 1
