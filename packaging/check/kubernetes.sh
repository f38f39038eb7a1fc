#!/usr/bin/env bash
# usage: bash packaging/check/kubernetes.sh PACKAGE
#
# Checks packaging/kubernetes: the manifests and the chart, rendered with each file of packaging/check/values, pass the schemas of
# Kubernetes, KEDA and the Prometheus operator, and the program of PACKAGE accepts their command lines and files. helm is built
# from its source; without a Go of at least 1.24 only the manifests are checked.
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/dev/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
helm_version=v3.18.6
tools="$FRESHET_DEV_CACHE/kubernetes-check"
chart=packaging/kubernetes/chart/freshet
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

install_tools() {
  mkdir -p "$tools"
  [[ -x $tools/python/bin/kubernetes-validate ]] || {
    python3 -m venv "$tools/python"
    retry "$tools/python/bin/pip" -q install kubernetes-validate==1.37.0 >/dev/null
  }
  [[ -d $tools/node_modules/@kubernetes-models/keda ]] ||
    (cd "$tools" && retry npm install --silent --no-audit --no-fund --prefix "$tools" \
      @kubernetes-models/keda@2.0.0 @kubernetes-models/prometheus-operator@6.0.0)
  cp packaging/check/custom_resources.mjs "$tools/"
  [[ -x $tools/helm-$helm_version/helm ]] || ! new_go ||
    GOBIN="$tools/helm-$helm_version" retry nice go install "helm.sh/helm/v3/cmd/helm@$helm_version"
}
new_go() { [[ "$(go version 2>/dev/null)" =~ go1\.([0-9]+) && ${BASH_REMATCH[1]} -ge 24 ]]; }

render() {
  local values name
  if [[ ! -x $tools/helm-$helm_version/helm ]]; then
    say "SKIPPED: the chart; helm needs Go 1.24"
    return
  fi
  for values in packaging/check/values/*.yaml; do
    name="$(basename "$values")"
    helm lint --quiet --strict --kube-version 1.27 "$chart" --values "$values"
    helm template events "$chart" --kube-version 1.27 --values "$values" >"$work/rendered/$name"
  done
  if helm template events "$chart" --kube-version 1.27 --set groupInstanceIdFromPodName=true >"$work/refused" 2>&1; then
    say "a Deployment has no names for its pods"
    return 1
  fi
}
helm() { "$tools/helm-$helm_version/helm" "$@"; }

# A file for each object: kinds of Kubernetes itself as YAML, custom ones as JSON.
split() {
  "$tools/python/bin/python" - "$work" "$@" <<'PYTHON'
import json, pathlib, sys, yaml
work = pathlib.Path(sys.argv[1])
for file in sys.argv[2:]:
    for number, one in enumerate(yaml.safe_load_all(open(file))):
        if one is None:
            continue
        name = f"{pathlib.Path(file).stem}-{number}-{one['kind']}"
        custom = one["apiVersion"].split("/")[0] in ("keda.sh", "monitoring.coreos.com")
        (work / ("custom" if custom else "own") / f"{name}.{'json' if custom else 'yaml'}").write_text(
            json.dumps(one) if custom else yaml.safe_dump(one))
PYTHON
}

say "Kubernetes: tools"
install_tools
mkdir "$work"/{rendered,own,custom,package}
say "Kubernetes: the chart"
render
say "Kubernetes: schemas"
split packaging/kubernetes/plain/*.yaml "$work"/rendered/*.yaml
for version in 1.27.1 1.37.0; do
  "$tools/python/bin/kubernetes-validate" --strict --quiet -k "$version" "$work"/own/*.yaml
done
node "$tools/custom_resources.mjs" "$work"/custom/*.json
say "Kubernetes: command lines"
dpkg-deb -x "$1" "$work/package"
"$tools/python/bin/python" packaging/check/kubernetes.py "$work/package/usr/bin/freshet" packaging/kubernetes/plain "$work"/rendered/*.yaml
say "the Kubernetes files are in order"
