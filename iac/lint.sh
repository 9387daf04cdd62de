#!/bin/sh
# Checks the templates without AWS and without network: cfn-lint with the serverless rules,
# `sam validate --lint`, checkov, then test_template.py. Ends non-zero on any finding.
# The tools live in virtual environments made once, under ~/.cache/atrio (about three minutes).
set -u
cd "$(dirname "$0")" || exit 1

cache="${HOME}/.cache/atrio"
# The tools of AWS want a region and credentials even where they call nobody.
export AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_DEFAULT_REGION=eu-south-1
export SAM_CLI_TELEMETRY=0 PYTHONDONTWRITEBYTECODE=1

# venv NAME REQUIREMENT…: makes the environment unless it was made with these requirements.
venv() {
    dir="$cache/venv-$1"
    shift
    [ "$(cat "$dir/requirements" 2>/dev/null)" = "$*" ] && return
    echo "making $dir ($*)" >&2
    rm -rf "$dir"
    if ! { python3 -m venv "$dir" && "$dir/bin/pip" install --quiet --disable-pip-version-check "$@"; }; then
        echo "cannot install $*: check the network and try again" >&2
        exit 1
    fi
    echo "$*" >"$dir/requirements"
}

mkdir -p "$cache"
venv cfn-lint 'cfn-lint==1.58.*' 'cfn-lint-serverless==0.3.6'
venv sam 'aws-sam-cli==1.170.*'
venv checkov 'checkov==3.3.*'

failed=''
# check NAME COMMAND…: runs it, shows what it says only when it fails.
check() {
    name=$1
    shift
    if said=$("$@" 2>&1); then
        echo "ok      $name"
    else
        echo "FAILED  $name"
        echo "$said"
        failed=yes
    fi
}

check 'cfn-lint template.yaml' "$cache/venv-cfn-lint/bin/cfn-lint" --config-file cfn-lint.yaml -r eu-south-1 -- template.yaml
check 'cfn-lint global.yaml' "$cache/venv-cfn-lint/bin/cfn-lint" --config-file cfn-lint.yaml -r us-east-1 -- global.yaml
check 'sam validate template.yaml' "$cache/venv-sam/bin/sam" validate --lint --region eu-south-1 --template template.yaml
check 'sam validate global.yaml' "$cache/venv-sam/bin/sam" validate --lint --region us-east-1 --template global.yaml
check 'checkov' "$cache/venv-checkov/bin/checkov" --config-file .checkov.yaml --skip-download --file template.yaml --file global.yaml
"$cache/venv-sam/bin/python" test_template.py || failed=yes

[ -z "$failed" ]
