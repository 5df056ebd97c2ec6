#!/bin/bash
# Plans the edge's stack where nobody watches, and applies it when asked: for the jobs in docs/pull-requests.md.
#
#   scripts/ci-plan.sh OUT            writes OUT/comment.md, OUT/exit-code, OUT/policy and OUT/digest
#   scripts/ci-plan.sh OUT --apply    and applies the plan, if its comment has the digest EDGE_APPROVED
#
# EDGE_ALLOW has the rules of the policy that may be broken, EDGE_COMMIT the commit for the comment.
# Ends with 1 when the plan fails or breaks the policy, with 3 when it is not the one that was approved.
set -euf -o pipefail
umask 077

out=${1:?usage: scripts/ci-plan.sh OUT [--apply]}
apply=${2:-}
stack=cdktf.out/stacks/edge
mkdir -p "$out"

# A plan file holds the variables in clear: it lives as long as this script.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

allow=()
for rule in ${EDGE_ALLOW:-}; do allow+=(--allow "$rule"); done
about=(${EDGE_COMMIT:+--commit "$EDGE_COMMIT"})

# Only who applies holds the state's lock; a plan that is cancelled must not keep it.
lock=false
[ "$apply" = --apply ] && lock=true

# What a step that succeeds says is no error.
quietly() {
  "$@" >"$work/said" 2>&1 || { cat "$work/said"; return 1; }
}

plan() {
  quietly npx tsx main.ts || return 1
  quietly terraform -chdir="$stack" init -input=false -no-color || return 1
  terraform -chdir="$stack" plan -input=false -lock="$lock" -json -detailed-exitcode -out="$work/plan" -no-color
}

show() {
  terraform -chdir="$stack" show -json "$work/plan"
}

status=0
plan >"$work/messages" 2>&1 || status=$?
echo "$status" >"$out/exit-code"

policy=0
case $status in
0 | 2)
  show | npm run -s diff-comment -- --exit-code "$status" "${about[@]}" "${allow[@]}" >"$out/comment.md"
  show | npm run -s policy -- "${allow[@]}" >"$out/policy" || policy=$?
  ;;
*)
  npm run -s diff-comment -- --exit-code "$status" --messages "$work/messages" "${about[@]}" \
    </dev/null >"$out/comment.md"
  echo "the plan failed, so the policy was not checked" >"$out/policy"
  ;;
esac
cat "$out/comment.md" "$out/policy"
sha256sum <"$out/comment.md" | cut -d ' ' -f 1 >"$out/digest"

if [ "$status" != 0 ] && [ "$status" != 2 ]; then
  cat "$work/messages"
  exit 1
fi
[ "$policy" = 0 ] || exit 1
[ "$apply" = --apply ] || exit 0

if [ "$(cat "$out/digest")" != "${EDGE_APPROVED:-}" ]; then
  echo "this is not the plan that was approved: something changed since; start again and approve the new one" >&2
  exit 3
fi
[ "$status" = 2 ] || exit 0
terraform -chdir="$stack" apply -input=false -no-color "$work/plan"
