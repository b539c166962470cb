{{/* What every pod has in common. */}}

{{/* (dict "root" $ "component" .) */}}
{{- define "tillstream.podMeta" -}}
labels:
  {{- include "tillstream.selector" . | nindent 2 }}
  app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
  app.kubernetes.io/part-of: tillstream
  {{- with .root.Values.labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with .root.Values.pods.labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  kubectl.kubernetes.io/default-container: tillstream
  # pods start again when their settings change
  checksum/config: {{ list (include "tillstream.config" .root) (toJson .root.Values.flowDocuments) | join "" | sha256sum }}
  {{- with .root.Values.pods.annotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* (dict "root" $ "hook" bool): a hook runs before the release's own objects are there */}}
{{- define "tillstream.podCommon" -}}
{{- $hook := default false .hook -}}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
serviceAccountName: {{ if and $hook .root.Values.serviceAccount.create }}default{{ else }}{{ include "tillstream.serviceAccount" .root }}{{ end }}
automountServiceAccountToken: false
# else Kubernetes would tell us of a Service `tillstream` by variables that look like settings
enableServiceLinks: false
securityContext:
  {{- toYaml .root.Values.pods.securityContext | nindent 2 }}
{{- with .root.Values.pods.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .root.Values.pods.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.pods.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.pods.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: config
    configMap:
      name: {{ include "tillstream.fullname" .root }}{{ if $hook }}-hook{{ end }}
  {{- if .root.Values.flowDocuments }}
  - name: flows
    configMap:
      name: {{ include "tillstream.fullname" .root }}-flows{{ if $hook }}-hook{{ end }}
  {{- end }}
  {{- range $name, $_ := .root.Values.secrets }}
  - name: secret-{{ $name }}
    secret:
      secretName: {{ include "tillstream.secretName" (dict "root" $.root "name" $name "hook" $hook) }}
      defaultMode: 0440
  {{- end }}
  - name: work
    emptyDir: {sizeLimit: 64Mi}
  - name: tmp
    emptyDir: {sizeLimit: 64Mi}
{{- end -}}

{{/* (dict "root" $ "args" list "resources" dict): the container, without what only a long-running role has */}}
{{- define "tillstream.containerCommon" -}}
name: tillstream
image: {{ include "tillstream.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
args:
  {{- range .args }}
  - {{ . | quote }}
  {{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
resources:
  {{- toYaml .resources | nindent 2 }}
volumeMounts:
  - {name: config, mountPath: /etc/tillstream/config, readOnly: true}
  {{- if .root.Values.flowDocuments }}
  - {name: flows, mountPath: /etc/tillstream/flows, readOnly: true}
  {{- end }}
  {{- range $name, $_ := .root.Values.secrets }}
  - {name: secret-{{ $name }}, mountPath: /run/secrets/{{ $name }}, readOnly: true}
  {{- end }}
  - {name: work, mountPath: /var/lib/tillstream}
  - {name: tmp, mountPath: /tmp}
{{- end -}}

{{- define "tillstream.env" -}}
- {name: TILLSTREAM_CONFIG, value: /etc/tillstream/config/tillstream.toml}
{{- with .Values.pods.env }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Probes of a role. It lives while its event loop turns; it is ready when it can do its job, which asks Kafka and the
     store for up to three seconds. A system that is down makes nobody unready. */}}
{{- define "tillstream.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: status}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: status}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: status}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 3
{{- end -}}

{{- define "tillstream.spread" -}}
{{- $selector := dict "root" .root "component" .component -}}
{{- range $key, $mode := dict "topology.kubernetes.io/zone" .root.Values.topologySpread.zone "kubernetes.io/hostname" .root.Values.topologySpread.node }}
{{- if $mode }}
- topologyKey: {{ $key }}
  maxSkew: 1
  whenUnsatisfiable: {{ $mode }}
  labelSelector:
    matchLabels:
      {{- include "tillstream.selector" $selector | nindent 6 }}
{{- end }}
{{- end }}
{{- end -}}
