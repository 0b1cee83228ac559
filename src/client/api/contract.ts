// Made from openapi.yaml by script/client-types.ts: `npm run openapi` makes it anew.

export type paths = {
    "/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getSession"];
        put?: never;
        post: operations["logIn"];
        delete: operations["logOut"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/host": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getHost"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/template.schema.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getTemplateSchema"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/problems": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listProblems"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/problems/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getProblem"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listBuilds"];
        put?: never;
        post: operations["createBuild"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["retryBuild"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/{id}/rebuild": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["rebuildBuild"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/queue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getQueue"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getBuild"];
        put?: never;
        post?: never;
        delete: operations["deleteBuild"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/{id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getBuildStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/{id}/result": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getBuildResult"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/{id}/steps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listBuildSteps"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/{id}/input": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getBuildInput"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["cancelBuild"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/{id}/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["readLog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/{id}/console": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["readConsole"];
        put?: never;
        post: operations["typeOnConsole"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/{id}/screen": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["readScreen"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["followBuildEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["followBuilds"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/{id}/artifacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listArtifacts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/{id}/artifacts/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["downloadArtifact"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vagrant/{template}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getVagrantCatalogue"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vagrant/{template}/boxes/{id}/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["downloadVagrantBox"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/{id}/hold": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getHold"];
        put: operations["extendHold"];
        post?: never;
        delete: operations["releaseHold"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/{id}/pin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put: operations["pinBuild"];
        post?: never;
        delete: operations["unpinBuild"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["resumeBuild"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/{id}/console/loan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put: operations["lendConsole"];
        post?: never;
        delete: operations["takeConsoleBack"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/{id}/console/attach": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["attachConsole"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/builds/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deliveries/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getDelivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deliveries/{id}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["repeatDelivery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/media": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listMedia"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/media/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["uploadMedium"];
        delete: operations["deleteMedium"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/layers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listLayers"];
        put?: never;
        post?: never;
        delete: operations["deleteLayers"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/layers/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getLayer"];
        put?: never;
        post?: never;
        delete: operations["deleteLayer"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listRuns"];
        put?: never;
        post: operations["createRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/rebuild": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["rebuildRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getRun"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getRunStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/result": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getRunResult"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["followRunEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["cancelRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/secrets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listSecrets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/secrets/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put: operations["storeSecret"];
        post?: never;
        delete: operations["deleteSecret"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/templates/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getTemplate"];
        put: operations["storeTemplate"];
        post?: never;
        delete: operations["deleteTemplate"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/templates/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["importTemplate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/templates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listTemplates"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/templates/{name}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listTemplateVersions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/templates/{name}/versions/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getTemplateVersion"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/templates/{name}/variables": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listTemplateVariables"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/templates/{name}/versions/{version}/variables": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listTemplateVersionVariables"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/templates/variables": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["readVariables"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schedules/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getSchedule"];
        put: operations["storeSchedule"];
        post?: never;
        delete: operations["deleteSchedule"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schedules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listSchedules"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schedules/{name}/run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["runSchedule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/statistics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getStatistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/statistics/steps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getStepTimes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
};
export type webhooks = Record<string, never>;
export type components = {
    schemas: {
        Artifact: {
            name: string;
            media_type: string;
            format?: string;
            size: number;
            sha256: string;
            href: string;
        };
        ArtifactProgressEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "artifact.progress";
            data: {
                name: string;
                percent?: number;
                step?: string;
                bytes?: number;
                total?: number;
            };
        };
        ArtifactPublishedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "artifact.published";
            data: {
                name: string;
                media_type: string;
                format?: string;
                size: number;
                sha256: string;
            };
        };
        ArtifactUploadedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "artifact.uploaded";
            data: {
                name: string;
                url: string;
                size: number;
                sha256: string;
                ms: number;
            };
        };
        BootProgressEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "boot.progress";
            data: {
                line: string;
            };
        };
        Build: {
            id: string;
            status: components["schemas"]["BuildStatus"];
            phase?: components["schemas"]["Phase"];
            template: {
                name: string;
                version?: number;
                extends?: {
                    name: string;
                    version: number;
                }[];
            };
            machine?: string;
            run?: string;
            labels: {
                [key: string]: string;
            };
            priority: number;
            timeout_seconds: number;
            /** @enum {string} */
            on_error: "cleanup" | "hold" | "run-cleanup-provisioner";
            /** @constant */
            debug?: true;
            /** @constant */
            force?: true;
            /** @enum {string} */
            cache?: "auto" | "off" | "only";
            from_cache?: string;
            attempt: number;
            attempts_left: number;
            demand: {
                memory_mb: number;
                disk_mb: number;
            };
            host?: string;
            slot?: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            started_at?: string;
            /** Format: date-time */
            ended_at?: string;
            /** Format: date-time */
            not_before?: string;
            /** @constant */
            runs_alone?: true;
            waiting?: components["schemas"]["Waiting"];
            progress?: components["schemas"]["Progress"];
            requested_by?: string;
            cancel_requested: boolean;
            cancel?: {
                by?: string;
                reason?: string;
            };
            fault?: components["schemas"]["BuildFault"];
            hold?: {
                /** Format: date-time */
                until: string;
                ssh?: string;
            };
            paused?: {
                name: string;
                /** Format: date-time */
                until: string;
                note?: string;
                ssh?: string;
            }[];
            pinned?: {
                /** Format: date-time */
                at: string;
                by: string;
                reason?: string;
            };
            retry_of?: string;
            retried_by?: string;
            rebuild_of?: string;
            version: number;
            links: {
                self: string;
                status: string;
                result: string;
                events: string;
                log: string;
                console: string;
                screen: string;
                steps: string;
                input: string;
                artifacts: string;
                cancel: string;
                hold: string;
            };
        };
        BuildCancelRequestedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "build.cancel_requested";
            data: {
                by?: string;
                reason?: string;
            };
        };
        BuildCancelledEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "build.cancelled";
            data: {
                attempt: number;
                fault: components["schemas"]["BuildFault"];
            };
        };
        BuildChange: {
            id: string;
            /** @enum {string} */
            type: "created" | "changed" | "progress" | "ended" | "removed" | "reset";
            build_id?: string;
            build?: components["schemas"]["Build"];
            progress?: components["schemas"]["Progress"];
        };
        BuildFailedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "build.failed";
            data: {
                attempt: number;
                fault: components["schemas"]["BuildFault"];
            };
        };
        BuildFault: {
            code: components["schemas"]["ProblemCode"];
            class: components["schemas"]["ProblemClass"];
            title: string;
            message: string;
            step?: string;
            expected?: string;
            saw?: string;
            console_tail?: string;
            screen?: string;
            facts?: {
                [key: string]: unknown;
            };
            retryable: boolean;
        };
        BuildHeldEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "build.held";
            data: {
                until: number;
                ssh?: string;
                fault?: components["schemas"]["BuildFault"];
            };
        };
        BuildPage: {
            items: components["schemas"]["Build"][];
            next?: string;
        };
        BuildPausedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "build.paused";
            data: {
                name: string;
                until: number;
                note?: string;
                ssh?: string;
            };
        };
        BuildPhaseEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "build.phase";
            data: {
                phase: components["schemas"]["Phase"];
            };
        };
        BuildPinnedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "build.pinned";
            data: {
                by: string;
                reason?: string;
            };
        };
        BuildQueuedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "build.queued";
            data: {
                template: string;
                by?: string;
                bases?: {
                    asked: string;
                    build: string;
                }[];
            };
        };
        BuildRequeuedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "build.requeued";
            data: {
                attempt: number;
                loses_attempt: boolean;
                not_before: number;
                fault?: components["schemas"]["BuildFault"];
                deaths?: number;
                runs_alone?: boolean;
            };
        };
        BuildResumedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "build.resumed";
            data: {
                by: string;
                from?: string;
                /** @constant */
                mended?: true;
            };
        };
        BuildRetriedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "build.retried";
            data: {
                by?: string;
                build: string;
            };
        };
        BuildRunningEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "build.running";
            data: {
                attempt: number;
                host: string;
                slot: number;
            };
        };
        /** @enum {string} */
        BuildStatus: "queued" | "running" | "held" | "succeeded" | "failed" | "cancelled";
        BuildSucceededEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "build.succeeded";
            data: {
                attempt: number;
            };
        };
        BuildTakenUpEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "build.taken_up";
            data: {
                attempt: number;
                step?: string;
            };
        };
        BuildUnpinnedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "build.unpinned";
            data: {
                by: string;
            };
        };
        Cancel: {
            reason?: string;
        };
        ConsoleHeardEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "console.heard";
            data: {
                pattern: string;
                text: string;
                after_ms: number;
            };
        };
        ConsoleRefusedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "console.refused";
            data: {
                pattern: string;
                text: string;
            };
        };
        ConsoleSaidEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "console.said";
            data: {
                text: string;
                typed_times: number;
            };
        };
        ConsoleSkippedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "console.skipped";
            data: {
                pattern: string;
            };
        };
        DeclaredVariable: {
            name: string;
            /** @enum {string} */
            type: "string" | "number" | "bool" | "list" | "map";
            default?: string | number | boolean | (string | number | boolean)[] | {
                [key: string]: string | number | boolean;
            };
            required: boolean;
            description?: string;
            choices?: (string | number | boolean)[];
            pattern?: string;
            sensitive: boolean;
            secret?: string;
        };
        Delivery: {
            id: string;
            build: string;
            webhook: number;
            to: string;
            type: string;
            redelivery_of?: string;
            /** @enum {string} */
            state: "pending" | "delivered" | "failed";
            why?: string;
            attempts: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            next_at?: string;
            /** Format: date-time */
            ended_at?: string;
            href: string;
            log: components["schemas"]["DeliveryAttempt"][];
        };
        DeliveryAttempt: {
            /** Format: date-time */
            at: string;
            ms: number;
            status?: number;
            answer?: string;
            error?: string;
        };
        DeliveryInfo: {
            id: string;
            build: string;
            webhook: number;
            to: string;
            type: string;
            redelivery_of?: string;
            /** @enum {string} */
            state: "pending" | "delivered" | "failed";
            why?: string;
            attempts: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            next_at?: string;
            /** Format: date-time */
            ended_at?: string;
            href: string;
        };
        Event: components["schemas"]["BuildQueuedEvent"] | components["schemas"]["BuildRunningEvent"] | components["schemas"]["BuildPhaseEvent"] | components["schemas"]["BuildHeldEvent"] | components["schemas"]["BuildPausedEvent"] | components["schemas"]["BuildResumedEvent"] | components["schemas"]["BuildRetriedEvent"] | components["schemas"]["BuildPinnedEvent"] | components["schemas"]["BuildUnpinnedEvent"] | components["schemas"]["BuildCancelRequestedEvent"] | components["schemas"]["BuildRequeuedEvent"] | components["schemas"]["BuildTakenUpEvent"] | components["schemas"]["BuildSucceededEvent"] | components["schemas"]["BuildFailedEvent"] | components["schemas"]["BuildCancelledEvent"] | components["schemas"]["TemplateNotedEvent"] | components["schemas"]["SecretsUsedEvent"] | components["schemas"]["StepStartedEvent"] | components["schemas"]["StepEndedEvent"] | components["schemas"]["ArtifactProgressEvent"] | components["schemas"]["ArtifactPublishedEvent"] | components["schemas"]["ArtifactUploadedEvent"] | components["schemas"]["FileProgressEvent"] | components["schemas"]["FileTakenEvent"] | components["schemas"]["MachineStartedEvent"] | components["schemas"]["MachineRebootedEvent"] | components["schemas"]["MachineEndedEvent"] | components["schemas"]["ConsoleHeardEvent"] | components["schemas"]["ConsoleSkippedEvent"] | components["schemas"]["ConsoleRefusedEvent"] | components["schemas"]["ConsoleSaidEvent"] | components["schemas"]["HttpRequestEvent"] | components["schemas"]["SetFetchedEvent"] | components["schemas"]["SetRefusedEvent"] | components["schemas"]["BootProgressEvent"] | components["schemas"]["LayerHitEvent"] | components["schemas"]["LayerLookedUpEvent"] | components["schemas"]["LayerMissedEvent"] | components["schemas"]["LayerKeptEvent"] | components["schemas"]["LayerNotKeptEvent"] | components["schemas"]["LayerAwaitedEvent"] | components["schemas"]["EventsLeftOutEvent"];
        EventsLeftOutEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "events.left_out";
            data: {
                [key: string]: number;
            };
        };
        FileProgressEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "file.progress";
            data: {
                file: string;
                percent: number;
            };
        };
        FileTakenEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "file.taken";
            data: {
                file: string;
                digest: string;
                bytes: number;
                url?: string;
            };
        };
        Hold: {
            held: boolean;
            /** Format: date-time */
            until?: string;
            ssh?: string;
            console: string;
        };
        Host: {
            [key: string]: unknown;
        };
        HttpRequestEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "http.request";
            data: {
                method: string;
                url: string;
                status: number;
                bytes: number;
                ms: number;
                from: string;
                user_agent?: string;
                /** @constant */
                is_cut_off?: true;
                error?: string;
            };
        };
        ImportedTemplate: {
            machines: {
                name: string;
                template: {
                    [key: string]: unknown;
                };
            }[];
            notes: components["schemas"]["Note"][];
        };
        Input: {
            template: unknown;
            variables: {
                [key: string]: string | number | boolean | (string | number | boolean)[] | {
                    [key: string]: string | number | boolean;
                };
            };
            plan: {
                name: string;
                phase: components["schemas"]["Phase"];
                timeout_seconds: number;
                about?: string;
                sequence?: number;
                cache?: components["schemas"]["StepCache"];
            }[];
            began_with?: {
                files: {
                    name: string;
                    state: string;
                }[];
                secrets: {
                    name: string;
                    version: number;
                }[];
            };
        };
        Layer: {
            key: string;
            parent?: string;
            depth: number;
            step: string;
            template: string;
            build: string;
            /** @enum {string} */
            kind: "disk" | "machine" | "artifacts";
            /** Format: date-time */
            made_at: string;
            /** Format: date-time */
            used_at: string;
            uses: number;
            bytes: number;
            seconds: number;
            /** Format: date-time */
            expires_at?: string;
            ingredients: components["schemas"]["LayerIngredient"][];
            files: components["schemas"]["LayerFile"][];
        };
        LayerAwaitedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "layer.awaited";
            data: {
                step: string;
                key: string;
            };
        };
        LayerEntry: {
            key: string;
            parent?: string;
            depth: number;
            step: string;
            template: string;
            build: string;
            /** @enum {string} */
            kind: "disk" | "machine" | "artifacts";
            /** Format: date-time */
            made_at: string;
            /** Format: date-time */
            used_at: string;
            uses: number;
            bytes: number;
            seconds: number;
            /** Format: date-time */
            expires_at?: string;
        };
        LayerFile: {
            name: string;
            bytes: number;
            sha256: string;
        };
        LayerHitEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "layer.hit";
            data: {
                step: string;
                key: string;
                /** @enum {string} */
                kind: "disk" | "machine" | "artifacts";
                build: string;
                saved_seconds: number;
            };
        };
        LayerIngredient: {
            name: string;
            digest: string;
        };
        LayerKeptEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "layer.kept";
            data: {
                step: string;
                key: string;
                /** @enum {string} */
                kind: "disk" | "machine" | "artifacts";
                bytes: number;
                seconds: number;
                stood_still_ms?: number;
            };
        };
        LayerLookedUpEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "layer.looked_up";
            data: {
                steps: {
                    name: string;
                    /** @enum {string} */
                    outcome: "hit" | "miss" | "not_kept" | "unknown";
                    why?: string;
                }[];
            };
        };
        LayerMissedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "layer.missed";
            data: {
                step: string;
                key: string;
                why: string;
            };
        };
        LayerNotKeptEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "layer.not_kept";
            data: {
                step: string;
                why: string;
            };
        };
        LayerPage: {
            items: components["schemas"]["LayerEntry"][];
            next?: string;
        };
        LayersFreed: {
            layers: number;
            bytes: number;
        };
        Loan: {
            command: string;
            /** Format: date-time */
            until: string;
        };
        MachineEndedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "machine.ended";
            data: {
                name: string;
                /** @enum {string} */
                how: "halt" | "reboot" | "loop" | "panic" | "crash" | "full" | "flood" | "killed" | "cut" | "stopped";
                detail: string;
            };
        };
        MachineRebootedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "machine.rebooted";
            data: {
                name: string;
            };
        };
        MachineStartedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "machine.started";
            data: {
                name: string;
                guest_ip: string;
                host_ip: string;
                program: string;
                version: string;
                accelerator?: string;
                id?: number;
                tty?: string;
                pid?: number;
                command: string[];
            };
        };
        Medium: {
            name: string;
            /** @enum {string} */
            origin: "configuration" | "upload";
            /** @enum {string} */
            kind?: "folder" | "qcow2" | "iso" | "elf" | "disk" | "file";
            bytes?: number;
            sha256?: string;
            /** Format: date-time */
            uploaded_at?: string;
            uploaded_by?: string;
        };
        NewBuild: {
            template: {
                [key: string]: unknown;
            } | string;
            /** @default {} */
            variables?: {
                [key: string]: string | number | boolean | (string | number | boolean)[] | {
                    [key: string]: string | number | boolean;
                };
            };
            /** @default {} */
            labels?: {
                [key: string]: string;
            };
            /** @default 0 */
            priority?: number;
            timeout?: string | number;
            /**
             * @default cleanup
             * @enum {string}
             */
            on_error?: "cleanup" | "hold" | "run-cleanup-provisioner";
            /** @default false */
            debug?: boolean;
            /** @default false */
            force?: boolean;
            /** @enum {string} */
            cache?: "auto" | "off" | "only";
            notify?: components["schemas"]["NewWebhook"][];
            machine?: string;
        };
        NewHold: {
            minutes?: number;
            duration?: string | number;
        };
        NewPin: {
            reason?: string;
        };
        NewRebuild: {
            /** @default {} */
            variables?: {
                [key: string]: string | number | boolean | (string | number | boolean)[] | {
                    [key: string]: string | number | boolean;
                };
            };
            /** @enum {string} */
            on_error?: "cleanup" | "hold" | "run-cleanup-provisioner";
            debug?: boolean;
            /** @default false */
            strict?: boolean;
        };
        NewResumption: {
            from?: string;
            template?: {
                [key: string]: unknown;
            } | string;
        };
        NewRetry: {
            /** @default {} */
            variables?: {
                [key: string]: string | number | boolean | (string | number | boolean)[] | {
                    [key: string]: string | number | boolean;
                };
            };
            /** @enum {string} */
            on_error?: "cleanup" | "hold" | "run-cleanup-provisioner";
            debug?: boolean;
            template?: {
                [key: string]: unknown;
            } | string;
            machine?: string;
        };
        NewRun: {
            template: {
                [key: string]: unknown;
            } | string;
            /** @default {} */
            variables?: {
                [key: string]: string | number | boolean | (string | number | boolean)[] | {
                    [key: string]: string | number | boolean;
                };
            };
            /** @default {} */
            labels?: {
                [key: string]: string;
            };
            /** @default 0 */
            priority?: number;
            timeout?: string | number;
            /**
             * @default cleanup
             * @enum {string}
             */
            on_error?: "cleanup" | "hold" | "run-cleanup-provisioner";
            /** @default false */
            debug?: boolean;
            /** @default false */
            force?: boolean;
            /** @enum {string} */
            cache?: "auto" | "off" | "only";
            notify?: components["schemas"]["NewWebhook"][];
            only?: string[];
            except?: string[];
            parallel?: number;
            /** @default false */
            fail_fast?: boolean;
        };
        NewSchedule: {
            template: string;
            machine?: string;
            /** @default {} */
            variables?: {
                [key: string]: string | number | boolean | (string | number | boolean)[] | {
                    [key: string]: string | number | boolean;
                };
            };
            cron: string;
            /** @default UTC */
            time_zone?: string;
            /** @default true */
            skip_unchanged?: boolean;
            /** @default false */
            paused?: boolean;
            /** @default {} */
            labels?: {
                [key: string]: string;
            };
        };
        NewSecret: {
            value: string;
            templates?: string[];
            labels?: {
                [key: string]: string;
            };
            tokens?: string[];
        };
        NewSession: {
            token: string;
        };
        NewWebhook: {
            url: string;
            /**
             * @default [
             *       "build.succeeded",
             *       "build.failed",
             *       "build.cancelled"
             *     ]
             */
            events?: ("build.queued" | "build.running" | "build.phase" | "build.held" | "build.paused" | "build.resumed" | "build.cancel_requested" | "build.requeued" | "build.succeeded" | "build.failed" | "build.cancelled" | "step.started" | "step.ended" | "artifact.published")[];
            secret?: string;
        };
        Note: {
            pointer: string;
            message: string;
        };
        /** @enum {string} */
        Phase: "preparing" | "installing" | "booting" | "connecting" | "provisioning" | "sealing" | "packaging" | "publishing";
        Plan: {
            template: {
                name: string;
                version?: number;
                extends?: {
                    name: string;
                    version: number;
                }[];
            };
            machine?: string;
            variables: {
                [key: string]: string | number | boolean | (string | number | boolean)[] | {
                    [key: string]: string | number | boolean;
                };
            };
            timeout_seconds: number;
            demand: {
                memory_mb: number;
                disk_mb: number;
            };
            plan: {
                name: string;
                phase: components["schemas"]["Phase"];
                timeout_seconds: number;
                about?: string;
                sequence?: number;
                cache?: components["schemas"]["StepCache"];
            }[];
            goes_on_from?: {
                step: string;
                /** @enum {string} */
                kind: "disk" | "machine" | "artifacts";
                build: string;
                saved_seconds: number;
            };
            from_cache?: string;
            http: components["schemas"]["ServedText"][];
            notes: components["schemas"]["Note"][];
        };
        Problem: {
            type: string;
            title: string;
            status: number;
            detail: string;
            instance: string;
            code: components["schemas"]["ProblemCode"];
            request_id: string;
            errors?: {
                pointer: string;
                message: string;
                file?: string;
                line?: number;
                column?: number;
            }[];
            expected?: string;
            saw?: string;
        };
        /** @enum {string} */
        ProblemClass: "template" | "guest" | "infra" | "capacity" | "timeout" | "cancelled" | "internal";
        /** @enum {string} */
        ProblemCode: "bad_request" | "invalid_input" | "unauthorized" | "foreign_request" | "forbidden" | "not_found" | "method_not_allowed" | "not_acceptable" | "build_active" | "build_not_held" | "step_not_resumable" | "inputs_changed" | "changes_exhausted" | "build_not_paused" | "build_pinned" | "pins_exhausted" | "delivery_pending" | "deliveries_full" | "base_in_use" | "layer_in_use" | "nothing_kept" | "medium_exists" | "console_not_lendable" | "build_unsuccessful" | "run_unsuccessful" | "precondition_failed" | "request_timeout" | "too_large" | "unsupported_media_type" | "range_not_satisfiable" | "upgrade_required" | "headers_too_large" | "context_invalid" | "template_invalid" | "base_unusable" | "idempotency_mismatch" | "never_fits" | "configuration_invalid" | "queue_full" | "templates_full" | "secrets_full" | "schedules_full" | "draining" | "store_unavailable" | "storage_full" | "host_exhausted" | "folder_unusable" | "too_many_connections" | "too_many_logins" | "too_many_waiting" | "program_missing" | "program_failed" | "hypervisor_failed" | "hypervisor_unavailable" | "endpoint_failed" | "mirror_unavailable" | "mirror_damaged" | "mirror_refused" | "fetch_failed" | "fetch_refused" | "destination_unavailable" | "destination_refused" | "digest_mismatch" | "disk_failed" | "layer_missing" | "layer_unusable" | "machine_crashed" | "machine_stopped" | "daemon_crashed" | "not_taken_up" | "lease_lost" | "console_silent" | "console_refused" | "console_deaf" | "console_lent" | "console_raced" | "console_closed" | "guest_panicked" | "guest_halted" | "guest_rebooted" | "guest_reboot_loop" | "guest_floods" | "guest_still_running" | "ssh_unreachable" | "ssh_denied" | "ssh_broken" | "host_key_changed" | "provisioner_failed" | "seal_failed" | "step_timeout" | "build_timeout" | "cancelled" | "internal";
        ProblemRow: {
            code: components["schemas"]["ProblemCode"];
            class: components["schemas"]["ProblemClass"];
            status: number;
            title: string;
            retryable: boolean;
            type: string;
        };
        Progress: {
            step: number;
            steps: number;
            fraction: number;
            eta_seconds: number | null;
        };
        Queue: {
            queued: number;
            items: components["schemas"]["Build"][];
        };
        RecentStepTimes: {
            template: string;
            machine?: string;
            builds: number;
            whole?: components["schemas"]["Times"];
            steps: components["schemas"]["StepTimes"][];
        };
        Run: {
            id: string;
            status: components["schemas"]["RunStatus"];
            template: {
                name: string;
                version?: number;
                extends?: {
                    name: string;
                    version: number;
                }[];
            };
            builds: components["schemas"]["RunBuild"][];
            parallel?: number;
            fail_fast: boolean;
            requested_by?: string;
            rebuild_of?: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            ended_at?: string;
            version: number;
            links: {
                self: string;
                status: string;
                result: string;
                events: string;
                builds: string;
                cancel: string;
            };
        };
        RunBuild: {
            machine: string;
            id: string;
            status: components["schemas"]["BuildStatus"];
            phase?: components["schemas"]["Phase"];
            progress?: components["schemas"]["Progress"];
            fault?: string;
            links: {
                self: string;
                log: string;
                artifacts: string;
            };
        };
        RunEvent: {
            id: string;
            build: string;
            machine: string;
            event: components["schemas"]["Event"];
        };
        RunPage: {
            items: components["schemas"]["Run"][];
            next?: string;
        };
        RunPlan: {
            template: {
                name: string;
                version?: number;
                extends?: {
                    name: string;
                    version: number;
                }[];
            };
            machines: components["schemas"]["Plan"][];
        };
        /** @enum {string} */
        RunStatus: "queued" | "running" | "succeeded" | "failed" | "cancelled";
        Schedule: {
            name: string;
            template: string;
            machine?: string;
            variables: {
                [key: string]: unknown;
            };
            cron: string;
            time_zone: string;
            skip_unchanged: boolean;
            paused: boolean;
            labels: {
                [key: string]: string;
            };
            requested_by?: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            /** Format: date-time */
            next_at?: string;
            runs: components["schemas"]["ScheduleRun"][];
        };
        ScheduleInfo: {
            name: string;
            template: string;
            machine?: string;
            variables: {
                [key: string]: unknown;
            };
            cron: string;
            time_zone: string;
            skip_unchanged: boolean;
            paused: boolean;
            labels: {
                [key: string]: string;
            };
            requested_by?: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            /** Format: date-time */
            next_at?: string;
        };
        ScheduleRun: {
            /** Format: date-time */
            due_at: string;
            /** Format: date-time */
            at: string;
            /** @enum {string} */
            outcome: "started" | "skipped" | "failed";
            build?: string;
            why?: string;
            by?: string;
        };
        Secret: {
            name: string;
            version: number;
            templates?: string[];
            labels?: {
                [key: string]: string;
            };
            tokens?: string[];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            changed_at: string;
            used_by: string[];
        };
        SecretsUsedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "secrets.used";
            data: {
                secrets: {
                    name: string;
                    version: number;
                }[];
            };
        };
        ServedText: {
            path: string;
            text: string;
        };
        Session: {
            name: string;
            scopes: ("builds:read" | "builds:write" | "admin")[];
            /** Format: date-time */
            expires_at?: string;
        };
        SetFetchedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "set.fetched";
            data: {
                path: string;
                sha256: string;
                bytes: number;
                /** @enum {string} */
                from: "cache" | "upstream" | "directory";
                key: string;
            };
        };
        SetRefusedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "set.refused";
            data: {
                path: string;
                code: components["schemas"]["ProblemCode"];
                why: string;
            };
        };
        Statistics: {
            from: string;
            to: string;
            template?: string;
            days: {
                day: string;
                succeeded: number;
                failed: number;
                cancelled: number;
                wait?: components["schemas"]["Times"];
                duration?: components["schemas"]["Times"];
            }[];
            faults: {
                code: components["schemas"]["ProblemCode"];
                /** @enum {string} */
                status: "failed" | "cancelled";
                count: number;
            }[];
            wait?: components["schemas"]["Times"];
            duration?: components["schemas"]["Times"];
            templates: {
                name: string;
                succeeded: number;
                failed: number;
                cancelled: number;
            }[];
            steps: {
                count: number;
                p50_seconds: number;
                p95_seconds: number;
                name: string;
                days: {
                    count: number;
                    p50_seconds: number;
                    p95_seconds: number;
                    day: string;
                }[];
            }[];
        };
        Step: {
            attempt: number;
            seq: number;
            name: string;
            phase: components["schemas"]["Phase"];
            /** Format: date-time */
            started_at: string;
            /** Format: date-time */
            ended_at?: string;
            fault?: components["schemas"]["BuildFault"];
        };
        StepCache: {
            /** @enum {string} */
            outcome: "hit" | "miss" | "not_kept" | "unknown";
            why?: string;
        };
        StepEndedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "step.ended";
            data: {
                step: number;
                name: string;
                fault?: components["schemas"]["BuildFault"];
            };
        };
        StepStartedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "step.started";
            data: {
                step: number;
                name: string;
                phase: components["schemas"]["Phase"];
                attempt: number;
            };
        };
        StepTimes: {
            count: number;
            p50_seconds: number;
            p95_seconds: number;
            name: string;
        };
        Template: {
            name: string;
            version: number;
            digest: string;
            has_files: boolean;
            /** Format: date-time */
            created_at: string;
            href: string;
            document: unknown;
        };
        TemplateInfo: {
            name: string;
            version: number;
            digest: string;
            has_files: boolean;
            /** Format: date-time */
            created_at: string;
            href: string;
        };
        TemplateNotedEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            /** @constant */
            type: "template.noted";
            data: {
                pointer: string;
                message: string;
            };
        };
        TemplatePage: {
            items: components["schemas"]["TemplateInfo"][];
            next?: string;
        };
        TemplateVariables: {
            variables: components["schemas"]["DeclaredVariable"][];
            machines: string[];
            machines_by_values: boolean;
            errors?: {
                pointer: string;
                message: string;
                file?: string;
                line?: number;
                column?: number;
            }[];
        };
        TextPiece: {
            offset: number;
            text: string;
        };
        Times: {
            count: number;
            p50_seconds: number;
            p95_seconds: number;
        };
        VagrantBox: {
            name: string;
            url: string;
            checksum: string;
            /** @constant */
            checksum_type: "sha256";
            architecture: string;
            default_architecture: boolean;
        };
        VagrantCatalogue: {
            name: string;
            versions: {
                version: string;
                providers: components["schemas"]["VagrantBox"][];
            }[];
        };
        Waiting: {
            /** @enum {string} */
            for: "slot" | "memory" | "disk" | "hypervisor" | "retry" | "run";
            position: number;
            needs_mb?: number;
            free_mb?: number;
            /** @constant */
            even_alone?: true;
            message: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
};
export type $defs = Record<string, never>;
export interface operations {
    getSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
        };
    };
    logIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSession"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
        };
    };
    logOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "ok";
                        version: string;
                    };
                };
            };
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        ready: boolean;
                        checks: {
                            name: string;
                            /** @enum {string} */
                            state: "ok" | "warn" | "fail";
                            message: string;
                        }[];
                    };
                };
            };
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    getHost: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"];
                };
            };
        };
    };
    getTemplateSchema: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/schema+json": unknown;
                };
            };
        };
    };
    listProblems: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ProblemRow"][];
                    };
                };
            };
        };
    };
    getProblem: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemRow"];
                };
            };
        };
    };
    listBuilds: {
        parameters: {
            query?: {
                limit?: number;
                after?: string;
                status?: string;
                template?: string;
                label?: string[];
                since?: string;
                run?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BuildPage"];
                };
            };
        };
    };
    createBuild: {
        parameters: {
            query?: {
                validate?: "true" | "false";
                variable?: string[];
                label?: string[];
                priority?: number;
                timeout?: string;
                on_error?: "cleanup" | "hold" | "run-cleanup-provisioner";
                debug?: "true" | "false";
                force?: "true" | "false";
                cache?: "auto" | "off" | "only";
                machine?: string;
            };
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewBuild"];
                "application/yaml": components["schemas"]["NewBuild"];
                "application/x-tar": string;
                "application/gzip": string;
                "application/zstd": string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Build"];
                };
            };
        };
    };
    retryBuild: {
        parameters: {
            query?: {
                variable?: string[];
                on_error?: "cleanup" | "hold" | "run-cleanup-provisioner";
                debug?: "true" | "false";
                machine?: string;
            };
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRetry"];
                "application/yaml": components["schemas"]["NewRetry"];
                "application/x-tar": string;
                "application/gzip": string;
                "application/zstd": string;
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Build"];
                };
            };
        };
    };
    rebuildBuild: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRebuild"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Build"];
                };
            };
        };
    };
    getQueue: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Queue"];
                };
            };
        };
    };
    getBuild: {
        parameters: {
            query?: {
                wait?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Build"];
                };
            };
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    deleteBuild: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getBuildStatus: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": components["schemas"]["BuildStatus"];
                };
            };
        };
    };
    getBuildResult: {
        parameters: {
            query?: {
                wait?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Build"];
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Build"];
                };
            };
        };
    };
    listBuildSteps: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Step"][];
                    };
                };
            };
        };
    };
    getBuildInput: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Input"];
                };
            };
        };
    };
    cancelBuild: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Cancel"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Build"];
                };
            };
        };
    };
    readLog: {
        parameters: {
            query?: {
                offset?: number;
                follow?: "true" | "false";
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                    "application/x-ndjson": components["schemas"]["TextPiece"];
                    "text/event-stream": string;
                };
            };
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    readConsole: {
        parameters: {
            query?: {
                offset?: number;
                follow?: "true" | "false";
                format?: "text" | "asciicast";
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                    "application/x-ndjson": components["schemas"]["TextPiece"];
                    "text/event-stream": string;
                    "application/x-asciicast": string;
                };
            };
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    typeOnConsole: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    readScreen: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    followBuildEvents: {
        parameters: {
            query?: {
                after?: number;
                follow?: "true" | "false";
                named?: "true" | "false";
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": components["schemas"]["Event"];
                    "text/event-stream": string;
                };
            };
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    followBuilds: {
        parameters: {
            query?: {
                after?: string;
                named?: "true" | "false";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": components["schemas"]["BuildChange"];
                    "text/event-stream": string;
                };
            };
        };
    };
    listArtifacts: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Artifact"][];
                    };
                };
            };
        };
    };
    downloadArtifact: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                    "text/plain": string;
                };
            };
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                    "text/plain": string;
                };
            };
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getVagrantCatalogue: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                template: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VagrantCatalogue"];
                };
            };
        };
    };
    downloadVagrantBox: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                template: string;
                id: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                    "text/plain": string;
                };
            };
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                    "text/plain": string;
                };
            };
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getHold: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Hold"];
                };
            };
        };
    };
    extendHold: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewHold"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Hold"];
                };
            };
        };
    };
    releaseHold: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    pinBuild: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPin"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Build"];
                };
            };
        };
    };
    unpinBuild: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Build"];
                };
            };
        };
    };
    resumeBuild: {
        parameters: {
            query?: {
                from?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewResumption"];
                "application/yaml": components["schemas"]["NewResumption"];
                "application/x-tar": string;
                "application/gzip": string;
                "application/zstd": string;
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    lendConsole: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewHold"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Loan"];
                };
            };
        };
    };
    takeConsoleBack: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    attachConsole: {
        parameters: {
            query?: {
                offset?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listDeliveries: {
        parameters: {
            query?: {
                limit?: number;
                after?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["DeliveryInfo"][];
                        next?: string;
                    };
                };
            };
        };
    };
    getDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
        };
    };
    repeatDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryInfo"];
                };
            };
        };
    };
    listMedia: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Medium"][];
                    };
                };
            };
        };
    };
    uploadMedium: {
        parameters: {
            query?: {
                sha256?: string;
            };
            header?: {
                "Content-Digest"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Medium"];
                };
            };
        };
    };
    deleteMedium: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listLayers: {
        parameters: {
            query?: {
                limit?: number;
                after?: string;
                template?: string;
                kind?: "disk" | "machine" | "artifacts";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LayerPage"];
                };
            };
        };
    };
    deleteLayers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LayersFreed"];
                };
            };
        };
    };
    getLayer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Layer"];
                };
            };
        };
    };
    deleteLayer: {
        parameters: {
            query?: {
                over?: "true" | "false";
            };
            header?: never;
            path: {
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LayersFreed"];
                };
            };
        };
    };
    listRuns: {
        parameters: {
            query?: {
                limit?: number;
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunPage"];
                };
            };
        };
    };
    createRun: {
        parameters: {
            query?: {
                validate?: "true" | "false";
                variable?: string[];
                label?: string[];
                priority?: number;
                timeout?: string;
                on_error?: "cleanup" | "hold" | "run-cleanup-provisioner";
                debug?: "true" | "false";
                force?: "true" | "false";
                cache?: "auto" | "off" | "only";
                only?: string;
                except?: string;
                parallel?: number;
                fail_fast?: "true" | "false";
            };
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRun"];
                "application/yaml": components["schemas"]["NewRun"];
                "application/x-tar": string;
                "application/gzip": string;
                "application/zstd": string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunPlan"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
        };
    };
    rebuildRun: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRebuild"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
        };
    };
    getRun: {
        parameters: {
            query?: {
                wait?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getRunStatus: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": components["schemas"]["RunStatus"];
                };
            };
        };
    };
    getRunResult: {
        parameters: {
            query?: {
                wait?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
        };
    };
    followRunEvents: {
        parameters: {
            query?: {
                after?: string;
                follow?: "true" | "false";
                named?: "true" | "false";
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": components["schemas"]["RunEvent"];
                    "text/event-stream": string;
                };
            };
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    cancelRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Cancel"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
        };
    };
    listSecrets: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Secret"][];
                    };
                };
            };
        };
    };
    storeSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSecret"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Secret"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Secret"];
                };
            };
        };
    };
    deleteSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getTemplate: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Template"];
                };
            };
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    storeTemplate: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    [key: string]: unknown;
                };
                "application/yaml": {
                    [key: string]: unknown;
                };
                "application/x-tar": string;
                "application/gzip": string;
                "application/zstd": string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Template"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Template"];
                };
            };
        };
    };
    deleteTemplate: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    importTemplate: {
        parameters: {
            query?: {
                variable?: string[];
                as?: "imaged";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    [key: string]: unknown;
                };
                "application/x-tar": string;
                "application/gzip": string;
                "application/zstd": string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportedTemplate"];
                };
            };
        };
    };
    listTemplates: {
        parameters: {
            query?: {
                limit?: number;
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TemplatePage"];
                };
            };
        };
    };
    listTemplateVersions: {
        parameters: {
            query?: {
                limit?: number;
                after?: string;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TemplatePage"];
                };
            };
        };
    };
    getTemplateVersion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                version: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Template"];
                };
            };
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listTemplateVariables: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TemplateVariables"];
                };
            };
        };
    };
    listTemplateVersionVariables: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                version: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TemplateVariables"];
                };
            };
        };
    };
    readVariables: {
        parameters: {
            query?: {
                variable?: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    [key: string]: unknown;
                };
                "application/yaml": {
                    [key: string]: unknown;
                };
                "application/x-tar": string;
                "application/gzip": string;
                "application/zstd": string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TemplateVariables"];
                };
            };
        };
    };
    getSchedule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
        };
    };
    storeSchedule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSchedule"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduleInfo"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduleInfo"];
                };
            };
        };
    };
    deleteSchedule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listSchedules: {
        parameters: {
            query?: {
                limit?: number;
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ScheduleInfo"][];
                        next?: string;
                    };
                };
            };
        };
    };
    runSchedule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Build"];
                };
            };
        };
    };
    getStatistics: {
        parameters: {
            query?: {
                from?: string;
                to?: string;
                template?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Statistics"];
                };
            };
        };
    };
    getStepTimes: {
        parameters: {
            query: {
                template: string;
                machine?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecentStepTimes"];
                };
            };
        };
    };
}
