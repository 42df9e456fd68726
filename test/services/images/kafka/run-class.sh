#!/bin/sh
# The commands of Kafka's bin folder: this file is linked under each of their names. Maven has only
# the jars. KAFKA_HEAP_OPTS, KAFKA_JVM_PERFORMANCE_OPTS and KAFKA_OPTS mean what they mean there.
tools=org.apache.kafka.tools
# Where 3.x still has some of the tools.
admin=$tools moved=$tools
for jar in /opt/kafka/libs/kafka_2.13-3.*; do [ ! -e "$jar" ] || admin=kafka.admin moved=kafka.tools; done

level=warn
tool=${0##*/}
case ${tool%.sh} in
  kafka-acls) class=$admin.AclCommand ;;
  kafka-configs) class=kafka.admin.ConfigCommand ;;
  kafka-console-consumer) class=$tools.consumer.ConsoleConsumer ;;
  kafka-console-producer) class=$moved.ConsoleProducer ;;
  kafka-consumer-groups) class=$tools.consumer.group.ConsumerGroupCommand ;;
  kafka-delete-records) class=$tools.DeleteRecordsCommand ;;
  kafka-dump-log) class=$moved.DumpLogSegments ;;
  kafka-features) class=$tools.FeatureCommand ;;
  kafka-get-offsets) class=$tools.GetOffsetShell ;;
  kafka-leader-election) class=$tools.LeaderElectionCommand ;;
  kafka-metadata-quorum) class=$tools.MetadataQuorumCommand ;;
  kafka-producer-perf-test) class=$tools.ProducerPerformance ;;
  kafka-reassign-partitions) class=$tools.reassign.ReassignPartitionsCommand ;;
  kafka-server-start) class=kafka.Kafka level=info ;;
  kafka-storage) class=kafka.tools.StorageTool ;;
  kafka-topics) class=$tools.TopicCommand ;;
  kafka-transactions) class=$tools.TransactionsCommand ;;
  *) echo "no such command: $tool" >&2 && exit 127 ;;
esac

# Options are several words each.
# shellcheck disable=SC2086
exec java ${KAFKA_HEAP_OPTS:-} ${KAFKA_JVM_PERFORMANCE_OPTS:-} ${KAFKA_OPTS:-} \
  -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
  -Dorg.slf4j.simpleLogger.log.kafka.server=$level \
  -Dorg.slf4j.simpleLogger.showDateTime=true \
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS' \
  -cp '/opt/kafka/libs/*' "$class" "$@"
