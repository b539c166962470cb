{{/* Tillstream's settings, with what the chart knows. A dict cannot be returned, so it comes as JSON. */}}
{{- define "tillstream.settings" -}}
{{- $settings := deepCopy .Values.settings -}}
{{- if and .Values.expose.host (not $settings.ingress.public_url) -}}
{{- $scheme := ternary "http" "https" .Values.expose.allowHttp -}}
{{- $_ := set $settings.ingress "public_url" (printf "%s://%s" $scheme .Values.expose.host) -}}
{{- end -}}
{{- if .Values.flowDocuments -}}
{{- $_ := set $settings "flows_directory" "/etc/tillstream/flows" -}}
{{- end -}}
{{- toJson $settings -}}
{{- end -}}

{{- define "tillstream.config" -}}
tillstream.toml: |
  {{- include "tillstream.settings" . | fromJson | toToml | nindent 2 }}
{{- end -}}

{{/* Every worker: component -> its arguments and role, as JSON. */}}
{{- define "tillstream.workers" -}}
{{- $workers := dict -}}
{{- range $stage := list "normalize" "inventory" -}}
{{- $_ := set $workers $stage (dict "args" (list "worker" $stage) "role" (index $.Values.roles $stage)) -}}
{{- end -}}
{{- range $name, $_ := .Values.settings.connections -}}
{{- $role := mergeOverwrite (deepCopy $.Values.roles.deliver) (default dict (index $.Values.deliverTo $name)) -}}
{{- $args := list "worker" "deliver" "--target" $name -}}
{{- $_ := set $workers (printf "deliver-%s" $name) (dict "args" $args "role" $role "target" $name) -}}
{{- end -}}
{{- toJson $workers -}}
{{- end -}}

{{/* Every role, workers and others: a list of components as JSON. */}}
{{- define "tillstream.components" -}}
{{- concat (list "ingress" "poll") (include "tillstream.workers" . | fromJson | keys | sortAlpha) | toJson -}}
{{- end -}}

{{/* Ports that the systems are reached at, from their URLs, as JSON. */}}
{{- define "tillstream.systemPorts" -}}
{{- $ports := list -}}
{{- range $_, $connection := .Values.settings.connections -}}
{{- range $url := compact (list $connection.base_url (default "" $connection.token_url)) -}}
{{- $parts := urlParse $url -}}
{{- $port := regexFind "[0-9]+$" (regexFind ":[0-9]+$" $parts.host) -}}
{{- $ports = append $ports (int (default (ternary "80" "443" (eq $parts.scheme "http")) $port)) -}}
{{- end -}}
{{- end -}}
{{- $ports | uniq | sortAlpha | toJson -}}
{{- end -}}

{{/* Ports of the brokers, as JSON. */}}
{{- define "tillstream.kafkaPorts" -}}
{{- $ports := list -}}
{{- range splitList "," .Values.settings.kafka.bootstrap_servers -}}
{{- $ports = append $ports (int (regexFind "[0-9]+$" .)) -}}
{{- end -}}
{{- $ports | uniq | toJson -}}
{{- end -}}
