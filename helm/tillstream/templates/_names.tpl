{{/* Names and labels. */}}

{{- define "tillstream.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- end -}}
{{- end -}}

{{- define "tillstream.instanceLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Labels of an object. (dict "root" $ "component" "deliver-pos") */}}
{{- define "tillstream.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name (.root.Chart.Version | replace "+" "_") }}
{{ include "tillstream.instanceLabels" .root }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: tillstream
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- with .root.Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Labels that select the pods of a role. */}}
{{- define "tillstream.selector" -}}
{{ include "tillstream.instanceLabels" .root }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "tillstream.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "tillstream.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "tillstream.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* An entry of `secrets`: the Secret that its keys are in. (dict "root" $ "name" NAME "hook" bool) */}}
{{- define "tillstream.secretName" -}}
{{- $entry := index .root.Values.secrets .name -}}
{{- if $entry.existingSecret -}}
{{- $entry.existingSecret -}}
{{- else -}}
{{- printf "%s-%s%s" (include "tillstream.fullname" .root) .name (ternary "-hook" "" (default false .hook)) -}}
{{- end -}}
{{- end -}}

{{/* Annotations of what a hook needs: there before its Job, gone after it. */}}
{{- define "tillstream.hookAnnotations" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: {{ .delete }}
{{- end -}}

{{/* Jobs before install and upgrade: name -> arguments and weight, as JSON. While paused there are none: what they need
     may be what is lost. */}}
{{- define "tillstream.hooks" -}}
{{- $jobs := dict -}}
{{- if not .Values.paused -}}
{{- if .Values.hooks.migrate -}}{{- $_ := set $jobs "migrate" (dict "args" (list "store" "migrate") "weight" "0") -}}{{- end -}}
{{- if .Values.hooks.topics -}}{{- $_ := set $jobs "topics" (dict "args" (list "topics" "create") "weight" "1") -}}{{- end -}}
{{- end -}}
{{- toJson $jobs -}}
{{- end -}}

{{/* Whether a role stands still: the door only where all do. (dict "root" $ "component" "ingress") */}}
{{- define "tillstream.stands" -}}
{{- if or (eq .root.Values.paused "all") (and (eq .root.Values.paused "workers") (ne .component "ingress")) -}}true{{- end -}}
{{- end -}}
