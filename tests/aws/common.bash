# Common code of the tests in this folder, which source it.
set -euo pipefail

aws_tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$aws_tests/../.." && pwd)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
"$aws_tests/install"
export PATH=$CARGO_TARGET_DIR/aws-python/bin:$PATH

# Keeps the user's AWS account and settings out of the tests. Nothing leaves this machine.
for variable in $(compgen -e AWS_ || true) $(compgen -e CARGO_LAMBDA_ || true) HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy; do
    unset "$variable"
done
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true AWS_PAGER=
export AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export SAM_CLI_TELEMETRY=0 PYTHONWARNINGS=ignore

# All files go into one folder, and all processes end with the script.
work=$(mktemp -d)
started=()
finish() {
    local status=$? pid
    trap - EXIT
    for pid in "${started[@]}"; do stop "$pid"; done
    if [ "$status" -ne 0 ]; then
        tail -n 30 "$work"/*.log >&2 2>/dev/null || true
        echo "failed" >&2
    fi
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
trap 'echo "$0, line $LINENO: $BASH_COMMAND" >&2' ERR
trap 'exit 143' TERM INT HUP

# Prints a heading.
say() {
    printf '\n# %s\n' "$*"
}

# Prints a command as a user would type it, and runs it.
run() {
    local argument line='$'
    for argument in "$@"; do
        case $argument in
        *[!-A-Za-z0-9_./:=@,+%]* | "") line+=" '${argument//\'/\'\\\'\'}'" ;;
        *) line+=" $argument" ;;
        esac
    done
    printf '%s\n' "$line" >&2
    "$@"
}

# Fails unless a text contains another.
expect() {
    case $1 in
    *"$2"*) ;;
    *) printf 'expected: %s\nin:\n%s\n' "$2" "$1" >&2 && exit 1 ;;
    esac
}

# Starts a server as the leader of a process group, so that its children end with it. Its log is $work/NAME.log, its id $pid.
start() {
    local name=$1
    shift
    # Truncated first, so that no output of an earlier server with the same name is read.
    : >"$work/$name.log"
    setsid "$@" >"$work/$name.log" 2>&1 </dev/null &
    pid=$!
    started+=("$pid")
}

# Stops a server and its children: with SIGTERM, and after ten seconds with SIGKILL.
stop() {
    local tries=100
    kill -TERM -- "-$1" 2>/dev/null || return 0
    while [ "$tries" -gt 0 ] && kill -0 -- "-$1" 2>/dev/null; do
        sleep 0.1
        tries=$((tries - 1))
    done
    kill -KILL -- "-$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# Runs a command every 100 ms until it succeeds, for at most a minute or PATIENCE seconds.
wait_until() {
    local tries=$((${PATIENCE:-60} * 10))
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || { echo "timed out waiting for: $*" >&2 && exit 1; }
        sleep 0.1
    done
}

# Prints a free port.
free_port() {
    python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

listens() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1")
}

# Builds the command under test, with the account commands, for `cargo channel-flow`.
build_command() {
    if [ -z "${CHANNEL_FLOW_COMMAND:-}" ]; then
        cargo build --quiet --manifest-path "$root/Cargo.toml" -p cargo-channel-flow --features account
        CHANNEL_FLOW_COMMAND=$CARGO_TARGET_DIR/debug/cargo-channel-flow
    fi
    PATH=$(dirname "$CHANNEL_FLOW_COMMAND"):$PATH
}

# Starts a stand-in for AWS without the messaging service.
start_cloud() {
    rm -f "$work/port"
    start cloud python "$aws_tests/cloud.py" --port-file "$work/port"
    cloud_pid=$pid
    wait_until test -s "$work/port"
    export AWS_ENDPOINT_URL=http://localhost:$(cat "$work/port")
}

# Starts the emulator as the messaging service, on a free port or on $messaging_port. Sets $messaging to its URL, which clients use.
start_messaging() {
    start messaging cargo-channel-flow channel-flow dev --port "${messaging_port:-0}" "$@"
    messaging_pid=$pid
    wait_until grep -q "Ctrl-C stops everything" "$work/messaging.log"
    messaging=$(sed -n 's/^endpoint *//p' "$work/messaging.log")
    export AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING=$messaging AWS_ENDPOINT_URL_CHIME_SDK_IDENTITY=$messaging
}

# Creates in an app instance an admin, another user, and a channel with both.
make_people() {
    local app_instance=$1
    admin=$app_instance/user/admin bob=$app_instance/user/bob
    run aws chime-sdk-identity create-app-instance-user --app-instance-arn "$app_instance" --app-instance-user-id admin --name Admin
    run aws chime-sdk-identity create-app-instance-user --app-instance-arn "$app_instance" --app-instance-user-id bob --name Bob
    run aws chime-sdk-identity create-app-instance-admin --app-instance-arn "$app_instance" --app-instance-admin-arn "$admin"
    channel=$(run aws chime-sdk-messaging create-channel --app-instance-arn "$app_instance" --name General \
        --member-arns "$bob" --chime-bearer "$admin" --query ChannelArn --output text)
}

# Sends a message as the admin, and prints its final status and what Bob sees.
send_message() {
    local id status
    id=$(run aws chime-sdk-messaging send-channel-message --channel-arn "$channel" --content "$1" --type STANDARD \
        --persistence PERSISTENT --chime-bearer "$admin" --query MessageId --output text)
    wait_until is_decided "$id"
    status=$(status_of "$id")
    printf '%s: ' "$status"
    run aws chime-sdk-messaging list-channel-messages --channel-arn "$channel" --chime-bearer "$bob" \
        --query "ChannelMessages[?MessageId=='$id'].Content" --output text
}

# A denied message no longer exists.
status_of() {
    aws chime-sdk-messaging get-channel-message-status --channel-arn "$channel" --message-id "$1" --chime-bearer "$admin" \
        --query Status.Value --output text 2>/dev/null || echo GONE
}

is_decided() {
    [ "$(status_of "$1")" != PENDING ]
}

# Downloads a function's code as it was deployed into a folder.
fetch_code() {
    local function=$1 folder=$2 location
    location=$(run aws lambda get-function --function-name "$function" --query Code.Location --output text)
    mkdir -p "$folder"
    run curl --silent --show-error --fail --output "$folder/code.zip" "$location"
    # With the file mode that Lambda would give it.
    python - "$folder" <<'END'
import pathlib, sys, zipfile

folder = pathlib.Path(sys.argv[1])
with zipfile.ZipFile(folder / "code.zip") as code:
    assert code.namelist() == ["bootstrap"], code.namelist()
    mode = code.getinfo("bootstrap").external_attr >> 16 & 0o777
    assert mode & 0o111 == 0o111, f"bootstrap cannot be executed by everyone: {mode:o}"
    code.extract("bootstrap", folder)
(folder / "bootstrap").chmod(mode)
END
}

# Prints a member of a JSON text by its path, such as .done
jq_() {
    python -c 'import json, sys; print(json.loads(sys.argv[2])[sys.argv[1].lstrip(".")])' "$1" "$2"
}
